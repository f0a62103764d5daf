"""Watches how far behind the contacts are: marketing is not sent by yesterday's will."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection
from datetime import timedelta

from common.clock import monotonic
from common.contracts.ingestion import IngestProgressed
from common.errors import PermanentError, TransientError
from common.progress.following import ProgressTail
from common.streaming.ports import Place, Reader
from dispatcher.domain.contacts import ContactsProgress
from dispatcher.domain.gate import ContactsKnowledge
from dispatcher.ports import CONTACTS, ContactPositions

_INTERVAL = 0.5
"""Seconds between two looks: what is known is older by as much, and half a minute is what makes it too old."""
_PAUSE = 0.5


class ContactsWatch:
    """Tells per partition up to which append time of raw events the contacts are folded."""

    def __init__(
        self,
        reader: Reader,
        positions: ContactPositions,
        partitions: int,
        *,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._reader = reader
        self._tail = ProgressTail(reader, partitions, self._take)
        self._positions = positions
        self._progress = ContactsProgress(partitions)
        self._places = tuple(Place(CONTACTS, partition) for partition in range(partitions))
        self._clock = clock
        self._since = clock()

    def knowledge(self, partitions: Collection[int]) -> ContactsKnowledge:
        """What is known of the contacts in all of these partitions."""
        watched_for = timedelta(seconds=self._clock() - self._since)
        return ContactsKnowledge(self._progress.until(partitions), watched_for)

    async def run(self) -> None:
        """Follow until cancelled; while something is away, the contacts just grow old."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._tail.run())
            group.create_task(self._measure_again_and_again())

    def _take(self, statement: IngestProgressed) -> None:
        self._progress.state(statement.partition, statement.until)

    async def _measure_again_and_again(self) -> None:
        while True:
            try:
                await self._measure()
                await asyncio.sleep(_INTERVAL)
            except (TransientError, PermanentError):
                await asyncio.sleep(_PAUSE)

    async def _measure(self) -> None:
        stated = self._progress.stated
        if stated is None:
            return
        bounds = await self._reader.bounds(self._places)  # after the statements were read
        self._progress.sight(stated, {place.partition: b.end for place, b in bounds.items()})
        begins = {place.partition: b.begin for place, b in bounds.items()}
        self._progress.fold(begins | dict(await self._positions.contact_positions()))
