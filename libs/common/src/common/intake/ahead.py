"""Reads the next records while a batch is under way: while the database does its work, the log's and ours are done."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from common.streaming.ports import Fetched, Reader


class ReadAhead:
    """Polls one reader, at most once ahead. Whoever sets the reader to other places or offsets forgets what was read first."""

    def __init__(self, reader: Reader, prepare: Callable[[Sequence[Fetched]], None]) -> None:
        """`prepare` is given what was read ahead, for whatever can be done with it before its batch begins."""
        self._reader = reader
        self._prepare = prepare
        self._polling: asyncio.Task[Sequence[Fetched]] | None = None

    def begin(self, most: int) -> None:
        """Take what is there beside whatever else is done; the next `poll` gives it."""
        self._polling = asyncio.create_task(self._take(most))

    async def poll(self, most: int, wait: float) -> list[Fetched]:
        """As the reader's; errors of what was read ahead come out here, too."""
        polling, self._polling = self._polling, None
        fetched = () if polling is None else await polling
        return list(fetched or await self._reader.poll(most, wait))

    async def forget(self) -> None:
        """Drop what was read ahead; the reader stands behind it and has to be set back."""
        polling, self._polling = self._polling, None
        if polling is not None:
            polling.cancel()
            await asyncio.gather(polling, return_exceptions=True)

    async def _take(self, most: int) -> Sequence[Fetched]:
        fetched = await self._reader.poll(most, 0.0)
        self._prepare(fetched)
        return fetched
