"""Watches how far behind the contacts are: marketing is not sent by yesterday's will."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime

from common.clock import monotonic
from common.consuming.ports import Fetched, Place, Reader
from common.consuming.statements import PROGRESS, statement_of
from common.errors import PermanentError, TransientError
from dispatcher.domain.contacts import ContactsProgress
from dispatcher.domain.gate import ContactsKnowledge
from dispatcher.ports import CONTACTS, ContactPositions

_INTERVAL = 0.2
_TAIL = 64
"""Statements per raw partition that are read at the start: some seconds of them."""


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
        self._positions = positions
        self._progress = ContactsProgress(partitions)
        self._places = tuple(Place(CONTACTS, partition) for partition in range(partitions))
        self._clock = clock
        self._measured = float("-inf")
        self._since: datetime | None = None

    def knowledge(self, partition: int, now: datetime) -> ContactsKnowledge:
        """What is known at `now`, a moment of the database's clock."""
        if self._since is None:
            self._since = now
        return ContactsKnowledge(self._progress.until(partition), self._since)

    async def run(self) -> None:
        """Follow until cancelled; while something is away, the contacts just grow old."""
        while True:
            try:
                await self._begin()
                while True:
                    self._note(await self._reader.poll(500, _INTERVAL))
                    await self._measure()
            except (TransientError, PermanentError):
                await asyncio.sleep(0.5)

    async def _begin(self) -> None:
        bounds = (await self._reader.bounds((PROGRESS,)))[PROGRESS]
        tail = max(bounds.begin, bounds.end - _TAIL * len(self._places))
        await self._reader.assign({PROGRESS: tail})

    def _note(self, fetched: Sequence[Fetched]) -> None:
        for item in fetched:
            statement = statement_of(item, len(self._places))
            if statement is not None:
                self._progress.state(statement.partition, statement.until)

    async def _measure(self) -> None:
        if self._clock() - self._measured < _INTERVAL:
            return
        self._measured = self._clock()
        stated = self._progress.stated
        if stated is not None:
            bounds = await self._reader.bounds(self._places)  # after the statements were read
            self._progress.sight(stated, {place.partition: b.end for place, b in bounds.items()})
            begins = {place.partition: b.begin for place, b in bounds.items()}
            self._progress.fold(begins | dict(await self._positions.contact_positions()))
