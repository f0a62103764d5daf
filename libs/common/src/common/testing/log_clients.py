"""The clients of the Kafka in memory; each is one process's."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from common.errors import PermanentError
from common.kafka.batches import size_of
from common.kafka.partitioner import partition_for
from common.streaming.ports import Bounds, Fetched, Outgoing, Place

if TYPE_CHECKING:
    from common.testing.log import FakeLog

OnAssigned = Callable[[frozenset[int]], Awaitable[None]]


class FakeReader:
    """A `Reader`."""

    def __init__(self, log: FakeLog) -> None:
        self._log = log
        self._positions: dict[Place, int] = {}
        self._paused: set[Place] = set()

    async def assign(self, positions: Mapping[Place, int]) -> None:
        self._positions = dict(positions)
        self._paused &= positions.keys()

    async def poll(self, max_records: int, wait: float) -> Sequence[Fetched]:
        await self._log.passage("poll")
        self._log.before_poll()
        fetched = self._take(max_records)
        if not fetched:
            await self._log.grown(wait, self._positions.keys() - self._paused)
            fetched = self._take(max_records)
        return fetched

    def _take(self, limit: int) -> list[Fetched]:
        taken: list[Fetched] = []
        for place, offset in self._positions.items():
            if place in self._paused:
                continue
            begin, end = self._log.bounds(place)
            if not begin <= offset <= end:
                raise PermanentError("offset_out_of_range", f"{place} {offset}")
            records = self._log.read(place, offset, limit - len(taken))
            if records:
                self._positions[place] = records[-1].offset + 1
                taken.extend(records)
        return taken

    def pause(self, places: Collection[Place]) -> None:
        self._paused |= set(places) & self._positions.keys()

    def resume(self, places: Collection[Place]) -> None:
        self._paused -= set(places)

    def seek(self, place: Place, offset: int) -> None:
        if place not in self._positions:
            raise ValueError(f"{place} is not assigned")
        self._positions[place] = offset

    async def bounds(self, places: Collection[Place]) -> Mapping[Place, Bounds]:
        await self._log.passage("bounds")
        return {place: self._log.bounds(place) for place in places}

    async def offsets_since(
        self, places: Collection[Place], instant: datetime
    ) -> Mapping[Place, int]:
        return {place: self._log.offset_since(place, instant) for place in places}

    async def records_at(self, offsets: Mapping[Place, int]) -> Mapping[Place, Fetched]:
        await self._log.passage("records_at")
        found = {place: self._log.at(place, offset) for place, offset in offsets.items()}
        return {place: record for place, record in found.items() if record is not None}

    async def last_records(
        self, places: Collection[Place], most: int
    ) -> Mapping[Place, Sequence[Fetched]]:
        await self._log.passage("bounds")
        await self._log.passage("last_records")
        found: dict[Place, Sequence[Fetched]] = {}
        for place in places:
            begin, end = self._log.bounds(place)
            known = (self._log.at(place, o) for o in range(max(begin, end - most), end))
            if records := [record for record in known if record is not None]:
                found[place] = records
        return found


class FakePublisher:
    """A `Publisher`."""

    def __init__(self, log: FakeLog) -> None:
        self._log = log

    async def publish(self, place: Place, records: Sequence[Outgoing]) -> None:
        for record in records:
            size_of(record)
        await self._log.deliver(place, records)


class FakeGroupCommit:
    """The edge's way into one topic."""

    def __init__(self, log: FakeLog, topic: str, partitions: int) -> None:
        self.partitions = partitions
        self.waiting_bytes = 0
        self._log = log
        self._topic = topic

    async def append(
        self, key: bytes, value: bytes, headers: Mapping[str, bytes] | None = None
    ) -> None:
        await self.append_many((Outgoing(key, value, headers or {}),))

    async def append_many(self, records: Sequence[Outgoing]) -> None:
        lots: dict[Place, list[Outgoing]] = {}
        for record in records:
            size_of(record)
            partition = partition_for(record.key or b"", self.partitions)
            lots.setdefault(Place(self._topic, partition), []).append(record)
        for place, lot in lots.items():
            await self._log.deliver(place, lot)


class FakeGroup:
    """A consumer group: its members share the partitions in ranges, in the order in which they joined."""

    def __init__(self) -> None:
        self.members: list[FakeElector] = []

    def join(self, member: FakeElector) -> None:
        self.members.append(member)
        self.rebalance()

    def leave(self, member: FakeElector) -> None:
        self.members.remove(member)
        self.rebalance()

    def rebalance(self) -> None:
        """Give every member its share anew; tests call it for a rebalance that changes nothing."""
        for index, member in enumerate(self.members):
            count, members = member.count, len(self.members)
            first = index * (count // members) + min(index, count % members)
            size = count // members + (index < count % members)
            member.give(frozenset(range(first, first + size)))


class FakeElector:
    """An `Elector`."""

    def __init__(self, log: FakeLog, group: FakeGroup, name: str, count: int) -> None:
        self.count = count
        self._log = log
        self._group = group
        self._name = name
        self._partitions: frozenset[int] = frozenset()
        self._given = asyncio.Event()

    def give(self, partitions: frozenset[int]) -> None:
        self._partitions = partitions
        self._given.set()

    async def run(self, on_assigned: OnAssigned, healthy: Callable[[], bool]) -> None:
        self._group.join(self)
        try:
            while healthy():
                try:
                    async with asyncio.timeout(self._log.heartbeat):
                        await self._given.wait()
                except TimeoutError:
                    continue
                self._given.clear()
                await on_assigned(self._partitions)
        finally:
            self._group.leave(self)

    async def commit(self, offsets: Mapping[Place, int]) -> None:
        mine = {p: offset for p, offset in offsets.items() if p.partition in self._partitions}
        self._log.commit(self._name, mine)
