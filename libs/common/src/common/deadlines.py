"""Ends what takes too long, all of it under one timer: a timer for each request costs as much as reading it."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Protocol


class Pending(Protocol):
    """Something that must be over within a time."""

    def done(self) -> bool: ...

    def expire(self) -> None:
        """Its time is up; never called once it is done."""
        ...


class Deadlines:
    """All that is watched here has equally many seconds, so whoever came first is the first to expire."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._queue: deque[tuple[float, Pending]] = deque()
        self._timer: asyncio.TimerHandle | None = None

    def watch(self, pending: Pending) -> None:
        """Expire it in so many seconds unless it is done by then."""
        loop = asyncio.get_running_loop()
        queue = self._queue
        while queue and queue[0][1].done():
            queue.popleft()
        queue.append((loop.time() + self._seconds, pending))
        if self._timer is None:
            self._timer = loop.call_later(self._seconds, self._look)

    def _look(self) -> None:
        loop = asyncio.get_running_loop()
        queue, now = self._queue, loop.time()
        while queue and (queue[0][1].done() or queue[0][0] <= now):
            _, pending = queue.popleft()
            if not pending.done():
                pending.expire()
        self._timer = loop.call_at(queue[0][0], self._look) if queue else None
