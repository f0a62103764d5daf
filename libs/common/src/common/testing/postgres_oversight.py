"""`Oversight` on the database in memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from common.errors import PermanentError
from common.streaming.oversight import Acceptance, Holding
from common.streaming.ports import Place
from common.testing.postgres import FakeDatabase


class FakeOversight:
    """All loops of a `FakeDatabase`."""

    def __init__(self, database: FakeDatabase) -> None:
        self._database = database

    async def holdings(self) -> Sequence[Holding]:
        tables = self._database.tables
        loops = sorted(table[1] for table in list(tables) if table[0] == "partitions")  # type: ignore[index] # our tables are tuples
        return [
            self._holding(loop, p, *mark)
            for loop in loops
            for p, mark in sorted(tables["partitions", loop].items())
        ]

    def _holding(self, loop: str, partition: int, epoch: int, batch: int) -> Holding:
        tables = self._database.tables
        timers = tables["timers", loop, partition].values()
        return Holding(
            loop,
            partition,
            epoch,
            batch,
            free=tables["released", loop].get(partition) == epoch,
            positions=dict(tables["positions", loop, partition]),
            outbox=len(tables["outbox", loop, partition]),
            next_due=min((timer.due_at for timer in timers), default=None),
        )

    async def seen(self, loop: str, partition: int, place: Place) -> Mapping[str, int]:
        rows = self._database.tables["seen", loop, partition]
        return {origin: last for (where, origin), last in rows.items() if where == place}

    async def accept(self, loop: str, acceptance: Acceptance) -> int:
        partition, place = acceptance.partition, acceptance.place
        async with self._database.transaction() as tx:
            await tx.lock(("partitions", loop), partition)
            mark = tx.get(("partitions", loop), partition)
            position = tx.get(("positions", loop, partition), place)
            if not mark or not position or position.next_offset != acceptance.old.next_offset:
                raise PermanentError("position_moved", "somebody read on meanwhile")
            epoch: int = mark[0] + 1
            tx.put(("partitions", loop), partition, (epoch, mark[1]))
            tx.put(("released", loop), partition, epoch)
            tx.put(("positions", loop, partition), place, acceptance.new)
            for origin, last in acceptance.seen.items():
                tx.put(("seen", loop, partition), (place, origin), last)
        return epoch
