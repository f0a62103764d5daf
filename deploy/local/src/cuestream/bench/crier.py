"""Sends events to the collector over a few connections, as fast as it takes them or at a steady pace."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from common.clock import monotonic
from cuestream.failures import FindingError
from cuestream.stack.ports import LOOPBACK

_STEP = 0.02
"""Seconds between two requests of a steady pace."""
_AT_ONCE = 100
"""Messages in a request that shall be fast."""
CONNECTIONS = 16


@dataclass(slots=True)
class Crier:
    """A few connections, each with one request at a time."""

    port: int
    key: str
    _idle: asyncio.Queue[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = field(
        default_factory=asyncio.Queue
    )

    async def __aenter__(self) -> Crier:
        for _ in range(CONNECTIONS):
            self._idle.put_nowait(await asyncio.open_connection(LOOPBACK, self.port))
        return self

    async def __aexit__(self, *_: object) -> None:
        while not self._idle.empty():
            self._idle.get_nowait()[1].close()

    async def at_once(self, make: Callable[[], bytes], count: int) -> None:
        """So many messages, in large requests."""
        async with asyncio.TaskGroup() as group:
            for begin in range(0, count, _AT_ONCE):
                messages = [make() for _ in range(min(_AT_ONCE, count - begin))]
                connection = await self._idle.get()
                group.create_task(self._post(connection, messages))

    async def paced(self, make: Callable[[], bytes], rate: float, seconds: float) -> int:
        """So many messages a second for so long; returns how many were sent."""
        begun, sent = monotonic(), 0
        async with asyncio.TaskGroup() as group:
            while (passed := monotonic() - begun) < seconds:
                due = int(passed * rate) - sent
                if due > 0:
                    sent += due
                    connection = await self._idle.get()
                    group.create_task(self._post(connection, [make() for _ in range(due)]))
                await asyncio.sleep(_STEP)
        return sent

    async def _post(
        self,
        connection: tuple[asyncio.StreamReader, asyncio.StreamWriter],
        messages: Sequence[bytes],
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
        self._idle.put_nowait(connection)
