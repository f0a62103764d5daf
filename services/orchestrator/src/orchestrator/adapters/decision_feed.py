"""`DecisionFeed` on the log: no group, from the recent past on, for as long as the process lives."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime

import structlog

from common.consuming import Record
from common.errors import CuestreamError, PermanentError
from common.streaming.ports import Log, Place, Reader
from orchestrator.adapters.history import DECISIONS, decoded

log = structlog.get_logger(__name__)

MOST = 30_000
"""Decisions of the past that are read at most, so that a busy hour does not fill the memory."""
_BATCH = 1_000
_WAIT = 0.5
_PAUSE = 1.0


class KafkaDecisionFeed:
    """Follows all partitions of `decisions`."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self._places = [Place(DECISIONS, partition) for partition in range(log.partitions)]

    async def follow(self, *, since: datetime, at_least: int) -> AsyncIterator[Sequence[Record]]:
        """The past in one batch, then what falls; outages are waited out."""
        positions: dict[Place, int] = {}
        begun = False
        while True:
            try:
                async with self._log.reader() as reader:
                    if not begun:
                        positions, ends = await self._start(reader, since, at_least)
                        await reader.assign(positions)
                        past = await self._past(reader, positions, ends)
                        begun = True
                        yield past
                    else:
                        await reader.assign(positions)
                    while True:
                        yield await self._next(reader, positions)
            except CuestreamError as error:
                log.warning("decisions_interrupted", reason=error.reason)
                if isinstance(error, PermanentError):
                    begun = False  # trimmed or made anew under us: begin again
                await asyncio.sleep(_PAUSE)

    async def _start(
        self, reader: Reader, since: datetime, at_least: int
    ) -> tuple[dict[Place, int], dict[Place, int]]:
        """Where to begin, and where the past ends."""
        bounds = await reader.bounds(self._places)
        recent = await reader.offsets_since(self._places, since)
        few, many = at_least // len(self._places) + 1, MOST // len(self._places)
        starts = {
            place: max(bound.begin, bound.end - many, min(recent[place], bound.end - few))
            for place, bound in bounds.items()
        }
        return starts, {place: bound.end for place, bound in bounds.items()}

    async def _past(
        self, reader: Reader, positions: dict[Place, int], ends: Mapping[Place, int]
    ) -> list[Record]:
        """Everything up to the ends, in the order in which it was appended; partitions come one after the other."""
        past: list[Record] = []
        while any(positions[place] < end for place, end in ends.items()):
            past.extend(await self._next(reader, positions))
        return sorted(past, key=lambda record: record.appended_at)

    async def _next(self, reader: Reader, positions: dict[Place, int]) -> list[Record]:
        fetched = await reader.poll(_BATCH, _WAIT)
        for item in fetched:
            positions[item.place] = item.offset + 1
        return sorted(decoded(fetched), key=lambda record: record.appended_at)
