"""Reads assigned partitions without a group; asks for bounds on a connection that no fetch blocks."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

from aiokafka import TopicPartition
from aiokafka.errors import OffsetOutOfRangeError

from common.clock import EPOCH, from_millis, to_millis
from common.errors import PermanentError
from common.kafka.clients import DRIVER_ERRORS, close_consumer, unavailable
from common.kafka.keeping import Kept
from common.streaming.ports import FEW, Bounds, Fetched, Place

_ASK_SECONDS = 10.0


class KafkaReader:
    """A `Reader` on two clients: one that fetches, one that answers questions.

    Both are made when first needed and made anew after an error that they do not survive.
    """

    def __init__(self, prefix: str, new_consumer: Callable[[str], Any]) -> None:
        self._prefix = prefix
        self._fetching = Kept(lambda: new_consumer("reader"), close_consumer)
        self._asking = Kept(lambda: new_consumer("bounds"), close_consumer)
        self._told: Any = None
        """The client that knows our assignment; another one has to be told first."""
        self._asked = asyncio.Lock()
        self._positions: dict[TopicPartition, int] = {}
        self._paused: set[TopicPartition] = set()
        self._resting = False
        """The client fetches nothing until the next poll."""

    async def assign(self, positions: Mapping[Place, int]) -> None:
        """Read exactly these, each from its offset; what was paused and stays remains paused."""
        before = self._positions
        self._positions = {self._partition(place): offset for place, offset in positions.items()}
        self._paused &= self._positions.keys()
        if self._told is None:
            return  # the next poll tells it
        if before.keys() != self._positions.keys():
            self._tell(self._told)
            return
        for partition, offset in self._positions.items():
            if before[partition] != offset:
                self._told.seek(partition, offset)

    def _tell(self, consumer: Any) -> None:
        """Tell a client everything: it forgets all on an assignment."""
        self._told, self._resting = consumer, False
        if self._positions or consumer.assignment():
            consumer.assign(list(self._positions))
        for partition, offset in self._positions.items():
            consumer.seek(partition, offset)
        consumer.pause(*self._paused)

    async def poll(self, max_records: int, wait: float) -> Sequence[Fetched]:
        """Whatever is there, at most so many, per place in order; empty after `wait` seconds."""
        consumer = await self._consumer()
        if not self._positions:
            await asyncio.sleep(wait)
            return ()
        if self._resting:
            self._resting = False
            consumer.resume(*self._fetchable())
        try:
            records = await consumer.getmany(timeout_ms=int(wait * 1000), max_records=max_records)
        except OffsetOutOfRangeError as error:
            raise PermanentError("offset_out_of_range", str(error)) from error
        except DRIVER_ERRORS as error:
            self._retire(consumer)
            unavailable(error)
        fetched: list[Fetched] = []
        for partition, batch in records.items():
            place = Place(partition.topic.removeprefix(self._prefix), partition.partition)
            fetched.extend(_fetched(place, batch))
            self._positions[partition] = batch[-1].offset + 1
        if 0 < len(fetched) < FEW:
            # Before the driver's own task runs: what it asks for now is answered with the first record that comes.
            self._resting = True
            consumer.pause(*self._fetchable())
        return fetched

    def _fetchable(self) -> set[TopicPartition]:
        return self._positions.keys() - self._paused

    def pause(self, places: Collection[Place]) -> None:
        """Fetch no more of these until they are resumed."""
        partitions = self._assigned(places)
        self._paused |= partitions
        if self._told is not None:
            self._told.pause(*partitions)

    def resume(self, places: Collection[Place]) -> None:
        partitions = self._assigned(places)
        self._paused -= partitions
        if self._told is not None:
            self._told.resume(*partitions)

    def seek(self, place: Place, offset: int) -> None:
        """Read this place from there on."""
        partition = self._partition(place)
        if partition not in self._positions:
            raise ValueError(f"{place} is not assigned")
        self._positions[partition] = offset
        if self._told is not None:
            self._told.seek(partition, offset)

    async def bounds(self, places: Collection[Place]) -> Mapping[Place, Bounds]:
        """Begin and end of each."""
        if not places:
            return {}
        partitions = {place: self._partition(place) for place in places}
        async with self._question() as consumer:
            begins = await consumer.beginning_offsets(list(partitions.values()))
            ends = await consumer.end_offsets(list(partitions.values()))
        return {place: Bounds(begins[p], ends[p]) for place, p in partitions.items()}

    async def offsets_since(
        self, places: Collection[Place], instant: datetime
    ) -> Mapping[Place, int]:
        """The first offset of each that was appended at `instant` or later; its end where there is none."""
        partitions = {place: self._partition(place) for place in places}
        millis = to_millis(instant)
        async with self._question() as consumer:
            ends = await consumer.end_offsets(list(partitions.values()))
            found = await consumer.offsets_for_times(dict.fromkeys(partitions.values(), millis))
        return {
            place: ends[p] if found.get(p) is None else found[p].offset
            for place, p in partitions.items()
        }

    @asynccontextmanager
    async def _question(self) -> AsyncIterator[Any]:
        """The asking client, one question at a time; one that fails is made anew for the next."""
        async with self._asked:
            try:
                async with asyncio.timeout(_ASK_SECONDS):
                    yield await self._asking.get()
            except DRIVER_ERRORS as error:
                self._asking.retire(self._asking.open)
                unavailable(error)

    async def records_at(self, offsets: Mapping[Place, int]) -> Mapping[Place, Fetched]:
        """The records at exactly these offsets, one of a place, without those that the log no longer holds."""
        while True:
            bounds = await self.bounds(offsets)
            held = {
                self._partition(place): (place, offset)
                for place, offset in offsets.items()
                if bounds[place].begin <= offset < bounds[place].end
            }
            try:
                async with self._question() as consumer:
                    records = await _first(consumer, {p: offset for p, (_, offset) in held.items()})
            except OffsetOutOfRangeError:
                continue  # trimmed since we asked for the bounds
            return {
                held[partition][0]: next(_fetched(held[partition][0], (record,)))
                for partition, record in records.items()
                if record.offset == held[partition][1]
            }

    async def last_records(
        self, places: Collection[Place], most: int
    ) -> Mapping[Place, Sequence[Fetched]]:
        """The newest records of each, in order, so many at most; nothing of those that are empty."""
        while True:
            bounds = {p: b for p, b in (await self.bounds(places)).items() if b.begin < b.end}
            begins = {self._partition(p): max(b.begin, b.end - most) for p, b in bounds.items()}
            ends = {self._partition(place): bound.end for place, bound in bounds.items()}
            try:
                async with self._question() as consumer:
                    records = await _up_to(consumer, begins, ends)
            except OffsetOutOfRangeError:
                continue  # trimmed since we asked for the bounds
            return {
                place: tuple(_fetched(place, found))
                for place in bounds
                if (found := records[self._partition(place)])
            }

    async def close(self) -> None:
        """End both clients, waiting at most 10 s for each."""
        await asyncio.gather(self._fetching.close(), self._asking.close())

    async def _consumer(self) -> Any:
        """The fetching client, told again what it reads where it had to be made anew."""
        known = self._fetching.open
        if known is not None and _broken(known):
            self._retire(known)
        try:
            async with asyncio.timeout(_ASK_SECONDS):
                consumer = await self._fetching.get()
        except DRIVER_ERRORS as error:
            unavailable(error)
        if consumer is not self._told:
            self._tell(consumer)
        return consumer

    def _retire(self, consumer: Any) -> None:
        self._told = None
        self._fetching.retire(consumer)

    def _assigned(self, places: Collection[Place]) -> set[TopicPartition]:
        return {self._partition(place) for place in places} & self._positions.keys()

    def _partition(self, place: Place) -> TopicPartition:
        return TopicPartition(self._prefix + place.topic, place.partition)


async def _first(consumer: Any, offsets: Mapping[TopicPartition, int]) -> dict[TopicPartition, Any]:
    """Of each the first record from that offset on, where there is one."""
    ends = {partition: offset + 1 for partition, offset in offsets.items()}
    found = await _up_to(consumer, offsets, ends, at_once=1)
    return {partition: records[0] for partition, records in found.items() if records}


async def _up_to(
    consumer: Any,
    begins: Mapping[TopicPartition, int],
    ends: Mapping[TopicPartition, int],
    at_once: int | None = None,
) -> dict[TopicPartition, list[Any]]:
    """Of each the records from where it begins to the end, or what compaction has left of them and the next."""
    found: dict[TopicPartition, list[Any]] = {partition: [] for partition in begins}
    if not begins:
        return found
    consumer.assign(list(begins))
    for partition, offset in begins.items():
        consumer.seek(partition, offset)
    left = set(begins)
    try:
        while left:
            # Compaction may have left nothing up to the end: then there is no answer to wait for.
            records = await consumer.getmany(*left, timeout_ms=2000, max_records=at_once)
            if not records:
                break
            for partition, batch in records.items():
                found[partition] += batch
                if batch[-1].offset >= ends[partition] - 1:
                    left.discard(partition)
                    consumer.pause(partition)
    finally:
        consumer.pause(*begins)  # or the next question waits behind a fetch
    return found


def _broken(consumer: Any) -> bool:
    """Whether the driver's fetching task has died: then it would give nothing for ever, without an error."""
    return bool(consumer._fetcher.error_future.done())  # noqa: SLF001  the only sign of it


def _fetched(place: Place, records: Sequence[Any]) -> Iterator[Fetched]:
    millis, appended_at = -1, EPOCH
    for record in records:
        if record.timestamp != millis:  # the records of one batch have one
            millis = record.timestamp
            appended_at = from_millis(millis)
        yield Fetched(
            place, record.offset, appended_at, record.key, record.value, dict(record.headers)
        )
