"""Reads many places of the log side by side, each as far as it is asked for, without holding all of it in memory."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping

from common.errors import PermanentError
from common.streaming.ports import Fetched, Place, Reader

_MOST = 5_000
"""Records that wait of one place; then it is paused until they are taken."""
_SILENT_POLLS = 100
"""So many empty polls, 20 s, also count as the end: a compacted topic may have lost the last records before it. A busy broker
may well be silent for some seconds."""


class Tape:
    """Takes a reader over; ends where the log ended when it was wound."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._waiting: dict[Place, deque[Fetched]] = {}
        self._next: dict[Place, int] = {}
        self._ends: dict[Place, int] = {}
        self._paused: set[Place] = set()

    async def wind(self, starts: Mapping[Place, int | None]) -> None:
        """Begin each place at its offset (None: the log's begin).

        Raises:
            PermanentError: `log_too_short`, an offset is no longer there.
        """
        bounds = await self._reader.bounds(starts)
        for place, start in starts.items():
            begin, end = bounds[place]
            if start is not None and not begin <= start <= end:
                name = f"{place.topic}/{place.partition}"
                raise PermanentError("log_too_short", f"{name} holds {begin}-{end}, not {start}")
            self._next[place] = begin if start is None else start
            self._ends[place] = end
            self._waiting[place] = deque()
        await self._reader.assign(self._next)
        self._reader.resume(starts)  # whoever read before us may have paused some

    def end(self, place: Place) -> int:
        """Where the place ended when the tape was wound."""
        return self._ends[place]

    async def next(self, place: Place) -> Fetched | None:
        """The next record; None at the end."""
        waiting = self._waiting[place]
        if not waiting:
            await self._read(place)
        return waiting.popleft() if waiting else None

    async def through(self, place: Place, last: int) -> list[Fetched]:
        """The next records up to that offset."""
        taken: list[Fetched] = []
        waiting = self._waiting[place]
        while waiting or self._next[place] <= last:
            if not waiting:
                await self._read(place)
            if not waiting or waiting[0].offset > last:
                break
            taken.append(waiting.popleft())
        return taken

    async def _read(self, place: Place) -> None:
        """Read until the place has a record waiting, or is at its end."""
        if place in self._paused:
            self._paused.discard(place)
            self._reader.resume((place,))
        silent = 0
        while not self._waiting[place] and self._next[place] < self._ends[place]:
            fetched = await self._reader.poll(_MOST, 0.2)
            for item in fetched:
                if item.offset < self._ends[item.place]:
                    self._waiting[item.place].append(item)
                self._next[item.place] = item.offset + 1
            self._pause_the_full()
            silent = 0 if fetched else silent + 1
            if silent >= _SILENT_POLLS:
                self._next[place] = self._ends[place]

    def _pause_the_full(self) -> None:
        full = {p for p, waiting in self._waiting.items() if len(waiting) >= _MOST} - self._paused
        full |= {p for p, n in self._next.items() if n >= self._ends[p]} - self._paused
        if full:
            self._paused |= full
            self._reader.pause(full)
