"""`Oversight` on PostgreSQL, for the operator's commands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from common.errors import PermanentError
from common.postgres.database import Database
from common.streaming.oversight import Acceptance, Holding
from common.streaming.ports import Place, Position

_HOLDINGS = """
SELECT partitions.loop, partitions.partition, epoch, batch, backend_pid = 0 AS free,
       (SELECT count(*) FROM outbox
        WHERE outbox.loop = partitions.loop AND outbox.owner = partitions.partition) AS outbox,
       (SELECT due_at FROM timers
        WHERE timers.loop = partitions.loop AND timers.partition = partitions.partition
        ORDER BY due_at LIMIT 1) AS next_due
FROM partitions ORDER BY loop, partition
"""
_POSITIONS = "SELECT loop, owner, topic, partition, next_offset, appended_at FROM positions"
_SEEN = """
SELECT origin, last FROM sequences_seen
WHERE loop = $1 AND owner = $2 AND topic = $3 AND partition = $4
"""
_TAKE = """
UPDATE partitions SET epoch = epoch + 1, backend_pid = 0
WHERE loop = $1 AND partition = $2 RETURNING epoch
"""
_MOVE = """
UPDATE positions SET next_offset = $6, appended_at = $7
WHERE loop = $1 AND owner = $2 AND topic = $3 AND partition = $4 AND next_offset = $5
RETURNING owner
"""
_COUNT_AS_SEEN = """
INSERT INTO sequences_seen (loop, owner, topic, partition, origin, last)
SELECT $1, $2, $3, $4, origin, last FROM unnest($5::text[], $6::bigint[]) AS new (origin, last)
ON CONFLICT (loop, owner, topic, partition, origin) DO UPDATE SET last = excluded.last
"""


class PostgresOversight:
    """One service's schema."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def holdings(self) -> Sequence[Holding]:
        """Every partition that was ever owned, by loop and number."""
        found = {
            (row["loop"], row["partition"]): Holding(**row)
            for row in map(dict, await self._database.fetch(_HOLDINGS))
        }
        for row in await self._database.fetch(_POSITIONS):
            place = Place(row["topic"], row["partition"])
            holding = found.get((row["loop"], row["owner"]))
            if holding is not None:  # the senders' shared position has no owner
                holding.positions[place] = Position(row["next_offset"], row["appended_at"])
        return list(found.values())

    async def seen(self, loop: str, partition: int, place: Place) -> Mapping[str, int]:
        """The last number of each origin that was read at a place; marks too."""
        rows = await self._database.fetch(_SEEN, loop, partition, *place)
        return {row["origin"]: row["last"] for row in rows}

    async def accept(self, loop: str, acceptance: Acceptance) -> int:
        """Set the position under a raised epoch; see the port."""
        where = (loop, acceptance.partition, *acceptance.place)
        old, new, seen = acceptance.old, acceptance.new, acceptance.seen
        async with self._database.transaction() as tx:
            taken = await tx.fetchrow(_TAKE, loop, acceptance.partition)
            moved = await tx.fetch(_MOVE, *where, old.next_offset, new.next_offset, new.appended_at)
            if taken is None or not moved:
                raise PermanentError("position_moved", "somebody read on meanwhile")
            await tx.execute(_COUNT_AS_SEEN, *where, list(seen), list(seen.values()))
        epoch: int = taken["epoch"]
        return epoch
