"""One connection through the proxy: bytes both ways, later or not at all where a fault says so."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections import deque
from contextlib import suppress

from common.clock import monotonic
from cuestream.stack.proxy.faults import Fault

_CHUNK = 64 * 1024
_MOST_HELD = 1024 * 1024
"""Bytes beyond which a held direction takes no more: the sender's own buffers fill, as with a network that is gone."""
_NO_LINGER = struct.pack("ii", 1, 0)
"""Closing then resets: neither side may take the end for a proper one."""

End = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Way:
    """One direction."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        self._waiting: deque[tuple[float, bytes]] = deque()
        self._changed, self._room = asyncio.Event(), asyncio.Event()
        self._ended = False
        self.held = 0
        self.stalled = False
        self.delay = 0.0

    def suffer(self, *, stalled: bool, delay: float) -> None:
        """From now on; what was read with another delay keeps it."""
        self.stalled, self.delay = stalled, delay
        self._changed.set()

    async def run(self) -> None:
        """Until both ends of this direction are done with it."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._take())
            group.create_task(self._hand_on())

    async def _take(self) -> None:
        while data := await self._reader.read(_CHUNK):
            self._waiting.append((monotonic() + self.delay, data))
            self.held += len(data)
            self._changed.set()
            if self.held > _MOST_HELD:
                self._room.clear()
                await self._room.wait()
        self._ended = True
        self._changed.set()

    async def _hand_on(self) -> None:
        while True:
            self._changed.clear()
            due = self._waiting[0][0] if self._waiting else None
            if due is not None and not self.stalled and due <= monotonic():
                _, data = self._waiting.popleft()
                self._writer.write(data)
                await self._writer.drain()
                self.held -= len(data)
                self._room.set()
            elif due is None and self._ended:
                self._writer.write_eof()
                return
            else:
                await self._until_changed(None if self.stalled or due is None else due)

    async def _until_changed(self, due: float | None) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(None if due is None else max(0.0, due - monotonic())):
                await self._changed.wait()


class Connection:
    """From a client to a target, whose names it knows."""

    def __init__(self, client: str, target: str, near: End, far: End) -> None:
        self.client, self.target = client, target
        self._writers = (near[1], far[1])
        self._ways = (Way(near[0], far[1]), Way(far[0], near[1]))
        self._reset = asyncio.Event()

    @property
    def held(self) -> int:
        """Bytes taken and not yet handed on."""
        return sum(way.held for way in self._ways)

    def suffer(self, fault: Fault) -> None:
        """From now on."""
        if fault.cut:
            self.reset()
        for way, delay in zip(self._ways, fault.delay, strict=True):
            way.suffer(stalled=fault.stall, delay=delay)

    def reset(self) -> None:
        """End it for both sides at once, without a farewell."""
        self._reset.set()

    async def run(self) -> None:
        """Until both sides have ended it, or it was reset or broke: then it is reset for both."""
        ways = asyncio.create_task(self._both_ways())
        told = asyncio.create_task(self._reset.wait())
        try:
            await asyncio.wait({ways, told}, return_when=asyncio.FIRST_COMPLETED)
            is_over = ways.done() and ways.result()
            for writer in self._writers:
                writer.close() if is_over else reset(writer)
        finally:
            for task in (ways, told):
                task.cancel()
            await asyncio.gather(ways, told, return_exceptions=True)

    async def _both_ways(self) -> bool:
        """True when both ended properly."""
        try:
            async with asyncio.TaskGroup() as group:
                for way in self._ways:
                    group.create_task(way.run())
        except* _BROKEN:
            broken = True
        else:
            broken = False
        return not broken


_BROKEN = (OSError, RuntimeError)
"""What reading and writing raise once the other end has broken it off; uvloop says RuntimeError."""


def reset(writer: asyncio.StreamWriter) -> None:
    """Close with RST."""
    end = writer.get_extra_info("socket")
    if end is not None:
        with suppress(OSError):
            end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
    writer.transport.abort()
