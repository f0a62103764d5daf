"""Sends events to the collector over a few connections, as fast as it takes them or at a steady pace."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from common.clock import monotonic
from cuestream.failures import FindingError
from cuestream.stack.ports import LOOPBACK

_STEP = 0.02
"""Seconds between two requests of a steady pace."""
_AT_ONCE = 100
"""Messages in a request that shall be fast."""
CONNECTIONS = 16


Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@dataclass(frozen=True, slots=True)
class Crier:
    """A few connections, each with one request at a time."""

    port: int
    key: str

    async def at_once(self, make: Callable[[], bytes], count: int) -> None:
        """So many messages, in large requests."""
        async with self._connected() as idle, asyncio.TaskGroup() as group:
            for begin in range(0, count, _AT_ONCE):
                messages = [make() for _ in range(min(_AT_ONCE, count - begin))]
                group.create_task(self._post(await idle.get(), messages, idle))

    async def paced(self, make: Callable[[], bytes], rate: float, seconds: float) -> int:
        """So many messages a second for so long; returns how many were sent."""
        async with self._connected() as idle, asyncio.TaskGroup() as group:
            begun, sent = monotonic(), 0
            while (passed := monotonic() - begun) < seconds:
                due = int(passed * rate) - sent
                if due > 0:
                    sent += due
                    messages = [make() for _ in range(due)]
                    group.create_task(self._post(await idle.get(), messages, idle))
                await asyncio.sleep(_STEP)
        return sent

    @asynccontextmanager
    async def _connected(self) -> AsyncIterator[asyncio.Queue[Connection]]:
        # Opened anew each time: the collector hangs up on whom it has not heard for some seconds.
        idle: asyncio.Queue[Connection] = asyncio.Queue()
        for _ in range(CONNECTIONS):
            idle.put_nowait(await asyncio.open_connection(LOOPBACK, self.port))
        try:
            yield idle
        finally:
            while not idle.empty():
                idle.get_nowait()[1].close()

    async def _post(
        self, connection: Connection, messages: Sequence[bytes], idle: asyncio.Queue[Connection]
    ) -> None:
        reader, writer = connection
        body = b'{"batch":[%s]}' % b",".join(messages)
        writer.write(
            b"POST /v1/batch HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer %s\r\ncontent-length: %d\r\n\r\n"
            % (self.key.encode(), len(body)) + body
        )  # fmt: skip
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
        answer = await reader.readexactly(length)
        if b" 200 " not in head or b'"rejected":[]' not in answer:
            raise FindingError(f"The collector refused: {answer[:300].decode('utf-8', 'replace')}")
        idle.put_nowait(connection)
