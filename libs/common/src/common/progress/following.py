"""How far resolve is, read from `ingest.progress` by those who follow."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Sequence
from datetime import datetime

from common.contracts.ingestion import IngestProgressed
from common.errors import PermanentError, TransientError
from common.progress.statements import PROGRESS, statement_of
from common.progress.virtual_time import VirtualTime
from common.streaming.ports import Fetched, Place, Reader, Standing

ACTIVITY = "profile.activity"
RAW = "ingest.events"


class ProgressFollower:
    """Keeps the newest statement of every raw partition and tells each owned partition's virtual time."""

    def __init__(self, reader: Reader, partitions: int) -> None:
        self._reader = reader
        self._tail = ProgressTail(reader, partitions, self._take)
        self._partitions = partitions
        self._latest: dict[int, IngestProgressed] = {}
        self._times: dict[int, VirtualTime] = {}
        self._doubts: dict[int, list[IngestProgressed]] = {}
        self._doubted = asyncio.Event()

    def at(self, standing: Standing) -> datetime | None:
        """The partition's virtual time after what its standing has folded."""
        time = self._times.get(standing.partition)
        if time is None:
            time = VirtualTime(Place(ACTIVITY, standing.partition), self._partitions)
            for statement in self._latest.values():
                time.state(statement)
            self._times[standing.partition] = time
        at = time.advance(standing)
        doubts = time.doubts(standing)
        if doubts:
            self._doubts[standing.partition] = doubts
            self._doubted.set()
        return at

    def forget(self, partitions: Collection[int]) -> None:
        for partition in partitions:
            self._times.pop(partition, None)
            self._doubts.pop(partition, None)

    async def run(self) -> None:
        """Follow until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._tail.run())
            group.create_task(self._settle_doubts())

    async def _settle_doubts(self) -> None:
        while True:
            await self._doubted.wait()
            self._doubted.clear()
            try:
                while self._doubts:
                    await self._settle(*self._doubts.popitem())
            except TransientError:
                await asyncio.sleep(0.5)  # the next look at the time doubts anew

    async def _settle(self, partition: int, doubts: Collection[IngestProgressed]) -> None:
        place = Place(ACTIVITY, partition)
        bounds = (await self._reader.bounds((place,)))[place]
        if partition in self._times:
            self._times[partition].settle(doubts, bounds)

    def _take(self, statement: IngestProgressed) -> None:
        known = self._latest.get(statement.partition)
        if known is None or statement.until >= known.until:
            self._latest[statement.partition] = statement
            for time in self._times.values():
                time.state(statement)


class ProgressTail:
    """Hands on what is stated on `ingest.progress`: the tail, then whatever comes."""

    def __init__(
        self, reader: Reader, partitions: int, take: Callable[[IngestProgressed], None]
    ) -> None:
        self._reader = reader
        self._partitions = partitions
        self._take = take
        self._heard: set[int] = set()

    async def run(self) -> None:
        """Read the tail, then follow; where the tail lacks a raw partition, read what there is."""
        while True:
            try:
                await self._follow()
            except TransientError:
                await asyncio.sleep(0.5)
            except PermanentError:
                await asyncio.sleep(0.1)  # trimmed under us: what was lost is older than what comes

    async def _follow(self) -> None:
        bounds = (await self._reader.bounds((PROGRESS,)))[PROGRESS]
        tail = max(bounds.begin, bounds.end - 64 * self._partitions)
        await self._read(tail, bounds.end)
        if len(self._heard) < self._partitions and tail > bounds.begin:
            await self._read(bounds.begin, tail)
        await self._reader.assign({PROGRESS: bounds.end})
        while True:
            self._hand_on(await self._reader.poll(500, 1.0))

    async def _read(self, offset: int, end: int) -> None:
        await self._reader.assign({PROGRESS: offset})
        while offset < end:
            fetched = await self._reader.poll(2000, 0.5)
            self._hand_on(fetched)
            if fetched:
                offset = fetched[-1].offset + 1

    def _hand_on(self, fetched: Sequence[Fetched]) -> None:
        for item in fetched:
            statement = statement_of(item, self._partitions)
            if statement is not None:
                self._heard.add(statement.partition)
                self._take(statement)
