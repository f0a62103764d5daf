"""What a restored database says of deliveries, brought in line with what is known to have become of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from common.postgres import Database
from dispatcher.domain.reasons import DEAD_ADDRESS
from dispatcher.ports import Ended
from dispatcher.store.rows import columns


async def reconcile(
    database: Database, ended: Sequence[Ended], *, until: datetime | None
) -> Mapping[str, int]:
    """End what ended; what was due before `until` without a known end may have been sent: its next owner calls it unknown.

    Returns how many of each.
    """
    async with database.transaction() as tx:
        known = await tx.execute(_END, *columns(ended)) if ended else "UPDATE 0"
        await tx.execute(_SUPPRESS, sorted(DEAD_ADDRESS))
        doubtful = await tx.execute(_DOUBT, until) if until is not None else "UPDATE 0"
    return {"known": _count(known), "doubtful": _count(doubtful)}


def _count(tag: str) -> int:
    return int(tag.rsplit(" ", 1)[1])


_END = """
UPDATE deliveries AS d
SET state = e.state, reason = e.reason, provider = e.provider, changed_at = e.at
FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::timestamptz[])
  AS e (delivery_id, state, reason, provider, at)
WHERE d.delivery_id = e.delivery_id AND d.state NOT IN ('sent', 'failed', 'unknown', 'skipped')
"""

# As the sender did when it was refused; in line, for senders lock addresses too.
_SUPPRESS = """
INSERT INTO addresses (workspace, channel, address_hash, suppressed)
SELECT DISTINCT ON (r.workspace, r.email_hash) r.workspace, 'email', r.email_hash, d.reason
FROM deliveries d JOIN recipients r USING (partition, profile_id)
WHERE d.state = 'failed' AND d.reason = ANY($1::text[]) AND r.email_hash IS NOT NULL
ORDER BY r.workspace, r.email_hash
ON CONFLICT (workspace, channel, address_hash)
DO UPDATE SET suppressed = coalesce(addresses.suppressed, excluded.suppressed)
"""

_DOUBT = """
UPDATE deliveries SET state = 'transmitting'
WHERE state IN ('planned', 'held', 'claimed', 'transmitting') AND due_at <= $1
"""
