"""What the live pages have in common: something kept in memory that records change and streams wait for."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import AsyncIterable, Iterable, Sequence

from common.streaming.model import Record


class Noticeboard(ABC):
    """Takes records and lets readers wait until they have changed what it shows."""

    def __init__(self) -> None:
        self._number = 0
        self._news = asyncio.Event()
        self.closed = False

    @property
    def number(self) -> int:
        """Grows with each record that changes what is shown; that of the newest."""
        return self._number

    def take(self, records: Iterable[Record]) -> None:
        """Put records on the board, in the order in which they were appended."""
        before = self._number
        self._put(records)
        if self._number != before:
            self._news.set()
            self._news = asyncio.Event()

    @abstractmethod
    def _put(self, records: Iterable[Record]) -> None:
        """Show them, and count in `_number` each that changes something."""

    async def changed(self, since: int) -> None:
        """Return when there is something newer than `since`, or the board is closed."""
        while self._number <= since and not self.closed:
            await self._news.wait()

    def close(self) -> None:
        """Let every stream end, so that the server can stop."""
        self.closed = True
        self._news.set()


async def fill(board: Noticeboard, batches: AsyncIterable[Sequence[Record]]) -> None:
    """Keep the board fed; runs until cancelled."""
    async for records in batches:
        board.take(records)
