"""Keeps one client of the driver: made when first needed, replaced when it failed, closed in the background."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from common.kafka.clients import CLOSE_SECONDS


class Kept:
    """A client and the tasks that open and close it.

    Opening has a task of its own: whoever loses patience leaves it running for the next, because the driver does not
    close a connection whose opening is cancelled.
    """

    def __init__(self, new: Callable[[], Any], close: Callable[[Any], Awaitable[None]]) -> None:
        self._new = new
        self._close = close
        self._opening: asyncio.Task[Any] | None = None
        self._closing: set[asyncio.Task[None]] = set()

    @property
    def open(self) -> Any:
        """The client if it is there, else None."""
        opening = self._opening
        if opening is None or not opening.done() or opening.cancelled() or opening.exception():
            return None
        return opening.result()

    async def get(self) -> Any:
        """The client, connected.

        Raises:
            Exception: what the driver says; the next call tries again.
        """
        if self._opening is None:
            self._opening = asyncio.create_task(self._start())
        opening = self._opening
        try:
            return await asyncio.shield(opening)
        finally:
            failed = opening.done() and (opening.cancelled() or opening.exception() is not None)
            if failed and self._opening is opening:
                self._opening = None

    async def _start(self) -> Any:
        client = self._new()
        try:
            await client.start()
        except BaseException:
            await self._close(client)
            raise
        return client

    def retire(self, client: Any) -> None:
        """Give it to nobody any more and close it beside; one that was replaced already is left alone."""
        if client is not None and client is self.open:
            self._opening = None
            task = asyncio.ensure_future(self._close(client))
            self._closing.add(task)
            task.add_done_callback(self._closing.discard)

    async def close(self) -> None:
        """Close it and those it replaced, in bounded time."""
        self.retire(self.open)
        opening, self._opening = self._opening, None
        if opening is not None:
            opening.cancel()
            await asyncio.wait({opening}, timeout=CLOSE_SECONDS)
        if self._closing:
            await asyncio.wait(self._closing, timeout=2 * CLOSE_SECONDS)
