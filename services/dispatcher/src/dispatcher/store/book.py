"""The Book of `dispatcher consume`: loads recipients, saves them and what is newly planned."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, cast
from uuid import UUID

import msgspec

from common.consuming import Entry, Sheet, Signal, Transaction
from common.errors import PermanentError
from dispatcher.domain.delivery import Delivery
from dispatcher.domain.reasons import HISTORY
from dispatcher.domain.recipient import EMAIL, Recipient
from dispatcher.handlers import Docket
from dispatcher.store.rows import columns, recipient_of, snapshot_bytes

AddressHash = Callable[[str, str, str], str]
"""(workspace, channel, address) → the keyed hash."""
PartitionOf = Callable[[UUID], int]
"""Where a profile's records are."""


class DocketKey(NamedTuple):
    """Whose docket it is. A profile id belongs to one workspace; a tombstone does not name it."""

    partition: int
    profile_id: UUID


class DocketBook:
    """Implements Book; the fence of the partition holds its rows against other owners."""

    def __init__(self, address_hash: AddressHash, partition_of: PartitionOf) -> None:
        self._address_hash = address_hash
        self._partition_of = partition_of

    def key_of(self, signal: Signal) -> DocketKey:
        """Whose docket a signal touches.

        Raises:
            PermanentError: `undecodable`, the subject is not a profile id.
        """
        return DocketKey(signal.partition, signal.profile_id)

    async def load(self, tx: Transaction, signals: Sequence[Signal]) -> Sheet[Docket]:
        """One query for all recipients that the signals touch."""
        sheet: Sheet[Docket] = Sheet(entries={}, key_of=self.key_of)
        for signal in signals:
            try:
                sheet.entries.setdefault(self.key_of(signal), Entry(None, None))
            except PermanentError:
                continue  # its fold meets the same error, and that is where it is quarantined
        keys = cast("list[DocketKey]", list(sheet.entries))
        if keys:
            for row in await tx.fetch(_LOAD, *columns(keys)):
                known = cast("Mapping[str, Any]", row)
                key = DocketKey(known["partition"], UUID(int=known["profile_id"].int))
                sheet.entries[key] = Entry(Docket(recipient=recipient_of(known)), None)
        return sheet

    async def save(self, tx: Transaction, sheet: Sheet[Docket]) -> None:
        """One statement per table. Sorted, because senders lock recipients too."""
        changed = [
            (cast("DocketKey", key), entry.state)
            for key, entry in sheet.entries.items()
            if entry.changed and entry.state is not None
        ]
        recipients = sorted(
            (key, state.recipient) for key, state in changed if state.changed and state.recipient
        )
        if recipients:
            await tx.execute(_SAVE, *self._recipient_columns(recipients))
        planned = [delivery for _, state in changed for delivery in state.planned]
        past = [delivery for _, state in changed for delivery in state.past]
        if planned or past:
            await tx.execute(_PLAN, *_delivery_columns(planned, past))

    def _recipient_columns(
        self, recipients: Sequence[tuple[DocketKey, Recipient]]
    ) -> list[list[object]]:
        rows = [
            (
                *key,
                r.workspace,
                r.version,
                snapshot_bytes(r),
                self._email_hash(r),
                r.merged_into,
                None if r.merged_into is None else self._partition_of(r.merged_into),
            )
            for key, r in recipients
        ]
        return columns(rows)

    def _email_hash(self, recipient: Recipient) -> str | None:
        address = recipient.address(EMAIL)
        return self._address_hash(recipient.workspace, EMAIL, address) if address else None


def _delivery_columns(planned: Sequence[Delivery], past: Sequence[Delivery]) -> list[list[object]]:
    states = [(d, "planned", "") for d in planned] + [(d, "unknown", HISTORY) for d in past]
    return columns(
        [
            (
                d.id,
                d.partition,
                d.workspace,
                d.profile_id,
                not d.is_transactional,
                d.due_at,
                msgspec.json.encode(d),
                state,
                reason,
            )
            for d, state, reason in states
        ]
    )


_LOAD = """
SELECT r.partition, r.profile_id, r.workspace, r.version, r.snapshot, r.merged_into
FROM recipients r JOIN unnest($1::int[], $2::uuid[]) AS wanted (partition, profile_id)
USING (partition, profile_id)
"""

_SAVE = """
INSERT INTO recipients
    (partition, profile_id, workspace, version, snapshot, email_hash, merged_into, merged_partition)
SELECT * FROM unnest(
    $1::int[], $2::uuid[], $3::text[], $4::int[], $5::bytea[], $6::text[], $7::uuid[], $8::int[]
)
ON CONFLICT (partition, profile_id) DO UPDATE SET
    workspace = excluded.workspace, version = excluded.version,
    snapshot = excluded.snapshot, email_hash = excluded.email_hash,
    merged_into = excluded.merged_into, merged_partition = excluded.merged_partition
"""

# A delivery that is there already is left as it is: one id, one fate.
_PLAN = """
INSERT INTO deliveries
    (delivery_id, partition, workspace, profile_id, marketing, due_at, delivery, state, reason)
SELECT * FROM unnest($1::uuid[], $2::int[], $3::text[], $4::uuid[], $5::bool[], $6::timestamptz[], $7::bytea[],
    $8::text[], $9::text[])
    AS d (delivery_id, partition, workspace, profile_id, marketing, due_at, delivery, state, reason)
ORDER BY delivery_id
ON CONFLICT (delivery_id) DO NOTHING
"""
