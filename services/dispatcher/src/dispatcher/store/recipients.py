"""Recipients as senders and the api find them: of a merged profile, the one it was merged into."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import cast
from uuid import UUID

from common.consuming import Transaction
from dispatcher.domain.recipient import lineage
from dispatcher.store.rows import Row, columns, plain

Key = tuple[int, UUID]
"""Partition and profile."""

# UNION, not UNION ALL: of a circle of merges every profile is met once.
LINEAGES = """
WITH RECURSIVE lineage (partition, profile_id) AS (
    SELECT * FROM unnest($1::int[], $2::uuid[])
    UNION
    SELECT r.merged_partition, r.merged_into FROM lineage JOIN recipients r USING (partition, profile_id)
    WHERE r.merged_into IS NOT NULL
)
SELECT r.partition, r.profile_id, r.workspace, r.version, r.snapshot, r.email_hash, r.merged_into
FROM lineage JOIN recipients r USING (partition, profile_id)
"""

# All of them by one statement, in the order of their key: `dispatcher consume` locks them so, too.
_LOCKED = LINEAGES + " ORDER BY r.partition, r.profile_id FOR SHARE OF r"


class Lineages:
    """Some profiles' recipients, and those of the profiles that they were merged into."""

    def __init__(self, rows: Sequence[Row]) -> None:
        self._rows: Mapping[UUID, Row] = {plain(row["profile_id"]): row for row in rows}
        self._merged_into = {
            profile_id: None if row["merged_into"] is None else plain(row["merged_into"])
            for profile_id, row in self._rows.items()
        }

    def of(self, profile_id: UUID) -> Sequence[Row]:
        """The rows from that profile's to the last one it was merged into; empty for an unknown profile."""
        return [self._rows[one] for one in lineage(profile_id, self._merged_into)]

    def last(self, profile_id: UUID) -> Row | None:
        """The row of who it goes to."""
        return next(reversed(self.of(profile_id)), None)


async def lock_lineages(tx: Transaction, keys: Collection[Key]) -> Lineages:
    """Hold these recipients, and those that they were merged into, as they are until the transaction ends."""
    rows = await tx.fetch(_LOCKED, *columns(sorted(keys)))
    return Lineages(cast("Sequence[Row]", rows))
