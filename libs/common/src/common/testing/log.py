"""Kafka in memory: one log of records per place, stamped on append by a clock that the test turns."""

from __future__ import annotations

import asyncio
from bisect import bisect_left
from collections import defaultdict
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime

from common.clock import Clock, from_millis, to_millis, utc_now
from common.contracts import load_topics
from common.errors import TransientError
from common.kafka.partitioner import partition_for
from common.streaming.ports import Bounds, Elector, Fetched, Outgoing, Place, Publisher, Reader
from common.testing.log_clients import (
    FakeElector,
    FakeGroup,
    FakeGroupCommit,
    FakePublisher,
    FakeReader,
)

__all__ = ["FakeLog"]


@dataclass(slots=True)
class _Partition:
    begin: int = 0
    records: list[Fetched] = field(default_factory=list)
    """Of compacted places some offsets may be missing."""
    end: int = 0

    def index(self, offset: int) -> int:
        """Where that record stands, or the first after it."""
        index = offset - self.begin
        if self.end - self.begin == len(self.records):
            return max(index, 0)  # none is missing
        return bisect_left(self.records, offset, key=_offset)


def _offset(record: Fetched) -> int:
    return record.offset


class FakeLog:
    """What all its readers, publishers and electors share; they are processes on one Kafka.

    Failures on demand: `fail_next_publishes` (before or after the append), `fail_next_polls`.
    """

    def __init__(self, partitions: int = 6, clock: Clock = utc_now) -> None:
        self.partitions = partitions
        self.clock = clock
        self.heartbeat = 0.05
        """Seconds between two looks of an elector at the health of its process."""
        self.groups: defaultdict[tuple[str, str], FakeGroup] = defaultdict(self.new_group)
        self.committed: dict[tuple[str, Place], int] = {}
        self._topics = load_topics(partitions)
        self._places: defaultdict[Place, _Partition] = defaultdict(_Partition)
        self._waiting: defaultdict[Place | None, dict[asyncio.Future[None], None]] = defaultdict(
            dict
        )
        self._publish_failures: list[tuple[str, bool]] = []
        self._poll_failures: list[str] = []

    def new_group(self) -> FakeGroup:
        return FakeGroup()

    async def passage(self, act: str) -> None:
        """Called on the way of every request to the brokers; a test may override it."""

    def partition_for(self, topic: str, key: bytes) -> int:
        return partition_for(key, self._count(topic))

    def _count(self, topic: str) -> int:
        known = self._topics.by_name.get(topic)
        return self.partitions if known is None else known.partitions

    @asynccontextmanager
    async def reader(self) -> AsyncIterator[Reader]:
        yield FakeReader(self)

    @asynccontextmanager
    async def publisher(self) -> AsyncIterator[Publisher]:
        yield FakePublisher(self)

    @asynccontextmanager
    async def elector(self, anchor: str, group: str) -> AsyncIterator[Elector]:
        yield FakeElector(self, self.groups[anchor, group], group, self._count(anchor))

    @asynccontextmanager
    async def group_commit(self, topic: str) -> AsyncIterator[FakeGroupCommit]:
        yield FakeGroupCommit(self, topic, self._count(topic))

    def append(self, place: Place, *records: Outgoing) -> list[Fetched]:
        """Put records at the end, as another process would; wakes whoever polls."""
        partition = self._places[place]
        appended = []
        for record in records:
            at = from_millis(to_millis(self.clock()))  # brokers know no microseconds
            fetched = Fetched(
                place, partition.end, at, record.key, record.value, dict(record.headers)
            )
            partition.records.append(fetched)
            partition.end += 1
            appended.append(fetched)
        for news in [*self._waiting.pop(place, ()), *self._waiting.pop(None, ())]:
            _settle(news)
        return appended

    def records(self, topic: str) -> list[Fetched]:
        """Everything that a topic holds, by partition and offset."""
        return [
            record
            for place in sorted(self._places)
            if place.topic == topic
            for record in self._places[place].records
        ]

    def read(self, place: Place, offset: int, limit: int) -> Sequence[Fetched]:
        """The next records from there on."""
        partition = self._places[place]
        index = partition.index(offset)
        return partition.records[index : index + limit]

    def at(self, place: Place, offset: int) -> Fetched | None:
        """Exactly that record."""
        found = self.read(place, offset, 1)
        return found[0] if found and found[0].offset == offset else None

    def offset_since(self, place: Place, instant: datetime) -> int:
        """The first offset of that time or later; the end where there is none."""
        partition = self._places[place]
        newer = (r.offset for r in partition.records if r.appended_at >= instant)
        return next(newer, partition.end)

    def bounds(self, place: Place) -> Bounds:
        return Bounds(self._places[place].begin, self._places[place].end)

    def trim(self, place: Place, before: int) -> None:
        """Retention: what is older is gone."""
        partition = self._places[place]
        partition.begin = before
        partition.records = [r for r in partition.records if r.offset >= before]

    def compact(self, place: Place) -> None:
        """Keep the last record of each key; offsets stay."""
        last = {record.key: record.offset for record in self._places[place].records}
        kept = set(last.values())
        partition = self._places[place]
        partition.records = [r for r in partition.records if r.offset in kept]

    def recreate(self, topic: str) -> None:
        """Delete the topic and make it anew: empty, offsets from 0."""
        for place in self._places:
            if place.topic == topic:
                self._places[place] = _Partition()

    def fail_next_publishes(
        self, times: int = 1, *, reason: str = "kafka_unavailable", appended: bool = False
    ) -> None:
        """The next publishes fail; with `appended` the records are there all the same, as after a lost answer."""
        self._publish_failures.extend([(reason, appended)] * times)

    def fail_next_polls(self, times: int = 1, *, reason: str = "kafka_unavailable") -> None:
        self._poll_failures.extend([reason] * times)

    async def deliver(self, place: Place, records: Sequence[Outgoing]) -> None:
        """An append by one of our own clients, with the failures that are due."""
        reason, appended = self._publish_failures.pop(0) if self._publish_failures else ("", True)
        if appended:
            self.append(place, *records)
        if reason:
            raise TransientError(reason)
        await asyncio.sleep(0)

    def before_poll(self) -> None:
        if self._poll_failures:
            raise TransientError(self._poll_failures.pop(0))

    async def grown(self, wait: float, places: Collection[Place | None] = (None,)) -> None:
        """Until something is appended to one of these (None: anywhere), at most so many seconds."""
        loop = asyncio.get_running_loop()
        news: asyncio.Future[None] = loop.create_future()
        timer = loop.call_later(wait, _settle, news)
        for place in places:
            self._waiting[place][news] = None
        try:
            await news
        finally:
            timer.cancel()
            for place in places:
                self._waiting[place].pop(news, None)

    def commit(self, group: str, offsets: Mapping[Place, int]) -> None:
        self.committed.update({(group, place): offset for place, offset in offsets.items()})


def _settle(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)
