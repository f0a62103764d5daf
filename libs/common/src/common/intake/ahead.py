"""What is done while the database does its work: our own, and reading the next records."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, TypeVar

from common.streaming.ports import Fetched, Reader

T = TypeVar("T")


async def beside(sent: Coroutine[Any, Any, None], own: Callable[[], T]) -> T:
    """Send what the database needs time for, do our own work meanwhile, and return its result once both are done."""
    task = asyncio.create_task(sent)
    try:
        await asyncio.sleep(0)  # the driver writes it
        await asyncio.sleep(0)  # and the event loop sends it
        done = own()
    except BaseException:
        task.cancel()
        await asyncio.wait({task})
        raise
    await task
    return done


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
