"""The protocol with a bug in it, one bug each, put in through the ports: every one of them must be found."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from datetime import datetime
from typing import Any

from typing_extensions import override

from common.clock import Clock
from common.consuming import Consumer, Transaction
from common.errors import TransientError
from common.progress.following import ProgressFollower
from common.progress.reporting import ProgressReporter
from common.streaming.ports import Elector, Outgoing, Place, Position, Publisher, Reader, Standing
from common.streaming.sequences import BEGIN
from common.testing.postgres import FakeTransaction
from common.testing.postgres_ledger import FakeLedger
from tests.simulation.schedule import PARTITIONS
from tests.simulation.services import ACTIVITY, INPUTS
from tests.simulation.storms import StormyDatabase, StormyLog, clock_of
from tests.simulation.world import Parts


class _Unfenced(FakeLedger):
    """Writes under whatever epoch it holds."""

    @override
    async def fence(self, tx: Transaction, standings: Collection[Standing]) -> None:
        transaction = await self._statement(tx, "fence")
        for standing in sorted(standings, key=lambda standing: standing.partition):
            await transaction.lock(self._owners, standing.partition)
            epoch, batch = self._mark(transaction, standing.partition)
            transaction.put(self._owners, standing.partition, (epoch, batch + 1))

    @override
    def _refuse_lost(self, tx: FakeTransaction, standings: Collection[Standing]) -> None:
        return


class _Overwriting(_Unfenced):
    """Moves positions from wherever they stand. The fence hides that completely, so there is none here either."""

    @override
    def _stands(self, position: Position | None, old: Position | None) -> bool:
        return True


class _DrawnEarly(FakeLedger):
    """Reads the counters before it has the partition: the old owner may still draw from them."""

    @override
    async def take_over(self, partitions: Collection[int]) -> Mapping[int, Standing]:
        early = {p: dict(self.database.tables[self.table("drawn", p)]) for p in partitions}
        standings = await super().take_over(partitions)
        for partition, standing in standings.items():
            standing.drawn = {topic: list(row) for topic, row in early[partition].items()}
        return standings


def _based_at(begin: int) -> type[FakeLedger]:
    """A ledger that says of every place that reading it began at that offset, whatever is true."""

    class Based(FakeLedger):
        @override
        async def take_over(self, partitions: Collection[int]) -> Mapping[int, Standing]:
            standings = await super().take_over(partitions)
            for partition, standing in standings.items():
                for topic in INPUTS:
                    standing.seen[Place(topic, partition), BEGIN] = begin
            return standings

    return Based


Publish = Callable[[Place, Sequence[Outgoing]], Any]


class _Publishing:
    """A log whose publishers do something else."""

    def __init__(self, log: StormyLog, database: StormyDatabase, loop: str) -> None:
        self.partitions = log.partitions
        self.database = database
        self.loop = loop
        self._log = log

    def reader(self) -> AbstractAsyncContextManager[Reader]:
        return self._log.reader()

    def elector(self, anchor: str, group: str) -> AbstractAsyncContextManager[Elector]:
        return self._log.elector(anchor, group)

    def partition_for(self, topic: str, key: bytes) -> int:
        return self._log.partition_for(topic, key)

    @asynccontextmanager
    async def publisher(self) -> AsyncIterator[Publisher]:
        async with self._log.publisher() as publisher:
            yield _Publisher(lambda place, records: self.publish(publisher.publish, place, records))

    async def publish(self, inner: Publish, place: Place, records: Sequence[Outgoing]) -> None:
        raise NotImplementedError


class _Publisher:
    def __init__(self, publish: Publish) -> None:
        self._publish = publish

    async def publish(self, place: Place, records: Sequence[Outgoing]) -> None:
        await self._publish(place, records)


class _DeletingFirst(_Publishing):
    """Deletes the rows of a batch, then publishes it."""

    @override
    async def publish(self, inner: Publish, place: Place, records: Sequence[Outgoing]) -> None:
        sent = {id(record) for record in records}
        for partition in range(PARTITIONS):
            rows = self.database.tables["outbox", self.loop, partition]
            for key in [key for key, row in rows.items() if id(row.record) in sent]:
                del rows[key]
        await self.database.passage("deleted")
        await inner(place, records)


class _TwoInFlight(_Publishing):
    """Sends the second half of a batch without waiting for the first one's acknowledgement."""

    @override
    async def publish(self, inner: Publish, place: Place, records: Sequence[Outgoing]) -> None:
        half = len(records) // 2
        outcomes = await asyncio.gather(
            *(inner(place, part) for part in (records[:half], records[half:]) if part),
            return_exceptions=True,
        )
        for outcome in outcomes:
            if isinstance(outcome, BaseException):
                raise outcome


class _JournalSwapped(_Publishing):
    """Journal records of several batches go out in the wrong order."""

    @override
    async def publish(self, inner: Publish, place: Place, records: Sequence[Outgoing]) -> None:
        is_journal = place.topic.endswith(".journal")
        await inner(place, records[::-1] if is_journal else records)


class _JournalLate(_Publishing):
    """The journal record is not waited for before its consequences go out."""

    def __init__(self, log: StormyLog, database: StormyDatabase, loop: str) -> None:
        super().__init__(log, database, loop)
        self._last: asyncio.Task[None] | None = None

    @override
    async def publish(self, inner: Publish, place: Place, records: Sequence[Outgoing]) -> None:
        if place.topic.endswith(".journal"):
            self._last = asyncio.create_task(self._behind(self._last, inner, place, records))
        else:
            await inner(place, records)

    async def _behind(
        self,
        last: asyncio.Task[None] | None,
        inner: Publish,
        place: Place,
        records: Sequence[Outgoing],
    ) -> None:
        if last is not None:
            await asyncio.wait((last,))
        while True:
            try:
                await inner(place, records)
            except TransientError:
                await asyncio.sleep(0.1)
            else:
                return


class _ByWallClock(ProgressFollower):
    """The machine's clock, a good one, says when a timer is due."""

    def __init__(self, reader: Reader, partitions: int, clock: Clock) -> None:
        super().__init__(reader, partitions)
        self._clock = clock

    @override
    def at(self, standing: Standing) -> datetime | None:
        return self._clock()


class _ByAppendTime(ProgressFollower):
    """The newest activity that was read says when a timer is due; where none comes, what resolve states."""

    @override
    def at(self, standing: Standing) -> datetime | None:
        stated = super().at(standing)
        position = standing.positions.get(Place(ACTIVITY, standing.partition))
        if position is None or position.appended_at is None:
            return stated
        return position.appended_at if stated is None else max(stated, position.appended_at)


class _WallClockConsumer(Consumer[Any]):
    @override
    async def _time(
        self, stack: AsyncExitStack, publisher: Publisher, incarnation: str
    ) -> tuple[ProgressFollower | None, ProgressReporter | None]:
        follower, reporter = await super()._time(stack, publisher, incarnation)
        if follower is None:
            return None, reporter
        reader = await stack.enter_async_context(self._around.log.reader())
        return _ByWallClock(reader, PARTITIONS, lambda: clock_of(self._around.monotonic())), None


class _AppendTimeConsumer(Consumer[Any]):
    @override
    async def _time(
        self, stack: AsyncExitStack, publisher: Publisher, incarnation: str
    ) -> tuple[ProgressFollower | None, ProgressReporter | None]:
        follower, reporter = await super()._time(stack, publisher, incarnation)
        if follower is None:
            return None, reporter
        reader = await stack.enter_async_context(self._around.log.reader())
        return _ByAppendTime(reader, PARTITIONS), None


VARIANTS: Mapping[str, Parts] = {
    "no epoch check": Parts(ledger=_Unfenced),
    "position not by compare-and-set": Parts(ledger=_Overwriting),
    "sequence drawn before the lock": Parts(ledger=_DrawnEarly),
    "row deleted before its acknowledgement": Parts(log=_DeletingFirst),
    "two batches in flight to one partition": Parts(log=_TwoInFlight),
    "journal records swapped": Parts(log=_JournalSwapped),
    "journal record behind its consequences": Parts(log=_JournalLate),
    "timer by the wall clock": Parts(consumer=_WallClockConsumer),
    "timer by the append time of activities": Parts(consumer=_AppendTimeConsumer),
    "any first number taken, from offset 0 too": Parts(ledger=_based_at(7)),
    "first number must be 1, after trimming too": Parts(ledger=_based_at(0)),
}
