"""The fakes of Kafka and PostgreSQL in bad weather: requests get lost, come late, or nobody knows."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from contextvars import Context
from datetime import UTC, datetime, timedelta

from typing_extensions import override

from common.errors import TransientError
from common.streaming.ports import Fetched, Outgoing, Place
from common.testing.log import FakeLog
from common.testing.log_clients import FakeElector, FakeGroup
from common.testing.postgres import FakeDatabase, FakeTransaction
from tests.simulation.event_loop import A_TURN, PROCESS, Process
from tests.simulation.schedule import PARTITIONS
from tests.simulation.services import ACTIVITY
from tests.simulation.weather import Weather

BEGINNING = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def clock_of(seconds: float) -> datetime:
    """What a good clock shows so many seconds after the beginning."""
    return BEGINNING + timedelta(seconds=seconds)


class StormyLog(FakeLog):
    """Appends travel: they arrive later than they were sent, perhaps after their sender died, perhaps never."""

    def __init__(self, weather: Weather) -> None:
        self.weather = weather
        self.loop = weather.loop
        super().__init__(PARTITIONS, self.now)
        self.heartbeat = 5.0
        self.history: defaultdict[Place, list[Fetched]] = defaultdict(list)
        """All that was ever appended, whatever was trimmed since."""
        self.order: dict[tuple[Place, int], int] = {}
        """Place and offset → the rank among all appends."""
        self.under_way = 0
        """Requests that have not arrived yet."""
        self.lost: tuple[Place, bytes, bytes] | None = None
        """Place, origin and sequence of the record that the brokers lose for good."""
        self._told: set[tuple[Place, bytes, bytes]] = set()
        self._world = Context()

    def now(self) -> datetime:
        """The brokers' clock."""
        return clock_of(self.loop.now)

    @override
    def new_group(self) -> FakeGroup:
        return StormyGroup(self.weather)

    @override
    async def passage(self, act: str) -> None:
        await self.weather.passage(act)

    @override
    async def deliver(self, place: Place, records: Sequence[Outgoing]) -> None:
        fate = self.weather.fate(f"publish to {place.topic}/{place.partition}", "publish")
        answer = self._send(place, records, fate)
        if fate in ("lost", "unanswered", "late", "partial"):
            await asyncio.sleep(self.weather.soon())
            raise TransientError("kafka_unavailable", "simulated")
        await self.weather.befall(fate)
        await answer
        await A_TURN

    def _send(self, place: Place, records: Sequence[Outgoing], fate: str) -> asyncio.Future[None]:
        """Put a request on its way; the answer comes when it has arrived."""
        answer: asyncio.Future[None] = self.loop.create_future()
        random = self.weather.random
        if fate == "lost" or (fate == "crash" and random.random() < 0.5):
            return answer
        if fate == "partial":
            records = records[: random.randrange(len(records) + 1)]
        longest = 4.0 if fate in ("late", "crash") else 0.05
        self.under_way += 1
        self.loop.call_later(
            self.weather.soon(longest), self._arrive, place, records, answer, context=self._world
        )
        return answer

    def _arrive(
        self, place: Place, records: Sequence[Outgoing], answer: asyncio.Future[None]
    ) -> None:
        self.under_way -= 1
        self.append(place, *records)
        if not answer.done():
            answer.set_result(None)

    @override
    def append(self, place: Place, *records: Outgoing) -> list[Fetched]:
        if self.weather.schedule.lost and place.topic == ACTIVITY:
            records = tuple(record for record in records if not self._is_lost(place, record))
        appended = super().append(place, *records)
        self.history[place].extend(appended)
        for item in appended:
            self.order[place, item.offset] = len(self.order)
        return appended

    def _is_lost(self, place: Place, record: Outgoing) -> bool:
        identity = (place, record.headers["origin"], record.headers["sequence"])
        self._told.add(identity)
        if self.lost is None and len(self._told) == self.weather.schedule.lost:
            self.lost = identity
        return identity == self.lost


class StormyGroup(FakeGroup):
    """A consumer group whose members hear of a rebalance at different times; two may believe they own a partition."""

    def __init__(self, weather: Weather) -> None:
        super().__init__()
        self._weather = weather
        self._processes: dict[int, FakeElector] = {}
        self._owners: dict[int, FakeElector] = {}
        self._told: dict[FakeElector, int] = {}
        self._generation = 0
        self._world = Context()

    @override
    def join(self, member: FakeElector) -> None:
        process = PROCESS.get()
        assert process is not None
        self._processes[id(process)] = member
        self._told[member] = 0
        super().join(member)

    @override
    def leave(self, member: FakeElector) -> None:
        if member in self.members:
            super().leave(member)

    def expel(self, process: Process) -> None:
        """Its session is over."""
        member = self._processes.get(id(process))
        if member is not None:
            self.leave(member)

    def readmit(self, process: Process) -> None:
        """It is back, finds that it lost its place and joins again."""
        member = self._processes.get(id(process))
        if member is not None and member not in self.members:
            self._generation += 1
            self._tell(member, frozenset(), self._generation)
            super().join(member)

    @override
    def rebalance(self) -> None:
        self._generation += 1
        if not self.members:
            return
        random, shares = self._weather.random, {member: set[int]() for member in self.members}
        for partition in range(PARTITIONS):
            owner = self._owners.get(partition)
            if owner not in shares or random.random() < 0.4:  # mostly it stays where it is
                owner = random.choice(self.members)
            self._owners[partition] = owner
            shares[owner].add(partition)
        for member, share in shares.items():
            self._weather.loop.call_later(
                self._weather.soon(),
                self._tell,
                member,
                frozenset(share),
                self._generation,
                context=self._world,
            )

    def _tell(self, member: FakeElector, share: frozenset[int], generation: int) -> None:
        if generation > self._told[member]:
            self._told[member] = generation
            member.give(share)


class StormyDatabase(FakeDatabase):
    """A server whose clients die, whose connections are ended and whose answers get lost."""

    def __init__(self, weather: Weather) -> None:
        super().__init__(incarnation="life")
        self.weather = weather
        self.open: list[StormyTransaction] = []
        self.in_doubt = 0
        """Commits of which nobody knows yet whether they will happen."""

    @override
    def transaction(self) -> StormyTransaction:
        transaction = StormyTransaction(self)
        self.open.append(transaction)
        return transaction

    @override
    async def passage(self, act: str) -> None:
        if await self.weather.passage(act) == "end":
            self.end_those_of(PROCESS.get())

    def end_those_of(self, process: Process | None) -> None:
        """As when the server ends the backends of a process, or notices that it is gone."""
        for transaction in list(self.open):
            if transaction.process is process:
                transaction.end()

    @override
    async def commit(self, transaction: FakeTransaction) -> None:
        assert isinstance(transaction, StormyTransaction)
        fate = self.weather.fate("commit", "commit")
        if fate == "lost":
            transaction.end()
        elif fate == "unanswered":
            transaction.apply()
        elif fate == "limbo" or (fate == "crash" and self.weather.random.random() < 0.5):
            transaction.leave_in_doubt()
        if fate in ("lost", "unanswered", "limbo"):
            raise TransientError("commit_unknown", "simulated")
        await self.weather.befall(fate)
        await A_TURN
        transaction.apply()
        await self.passage("committed")


class StormyTransaction(FakeTransaction):
    """Belongs to a process; its commit may stay in doubt, with its rows locked, until the server has decided."""

    def __init__(self, database: StormyDatabase) -> None:
        super().__init__(database)
        self.process = PROCESS.get()
        self._stormy = database
        self._in_doubt = False
        self._left = False

    def leave_in_doubt(self) -> None:
        """COMMIT is on its way to the server; whoever sent it hears nothing any more."""
        self._in_doubt = True
        self._stormy.in_doubt += 1
        weather = self._stormy.weather
        weather.loop.call_later(weather.soon(4.0), self._decide, context=Context())

    def _decide(self) -> None:
        if not self._in_doubt:
            return
        self._in_doubt = False
        self._stormy.in_doubt -= 1
        if self._stormy.weather.random.random() < 0.5:
            self.apply()
        else:
            self.end()

    @override
    def end(self) -> None:
        if self._in_doubt and not self._left:
            self._left = True  # its own process lets go of it; the server does not yet
            return
        if self._in_doubt:
            self._decide()
            return
        super().end()
        if self in self._stormy.open:
            self._stormy.open.remove(self)
