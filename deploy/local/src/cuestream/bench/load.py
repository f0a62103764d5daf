"""HTTP load from raw sockets: a client that costs so little that the server is what is measured."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import cast

from typing_extensions import override

from common.clock import monotonic
from cuestream.failures import FindingError
from cuestream.stack.ports import LOOPBACK

_END = b"\r\n\r\n"
_LENGTH = b"content-length: "
_PATIENCE = 30.0


@dataclass(slots=True)
class Volley:
    """What one round of load came to."""

    requests: int = 0
    seconds: float = 0.0
    latencies: list[float] = field(default_factory=list)
    unfinished: int = 0
    """How many requests may have been under way at the end, neither waited for nor counted."""
    refused: bytes = b""
    """The first answer that was not a 200."""


@dataclass(slots=True)
class _Round:
    request: Callable[[], bytes]
    until: float
    volley: Volley
    open: int = 0
    over: asyncio.Event = field(default_factory=asyncio.Event)

    def left(self) -> None:
        self.open -= 1
        if self.open == 0:
            self.over.set()


class _Client(asyncio.Protocol):
    """One connection: the next request as soon as the answer is whole."""

    def __init__(self, round_: _Round) -> None:
        self._round = round_
        self._buffer = b""
        self._sent_at = 0.0
        self._transport: asyncio.Transport | None = None

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._round.open += 1
        self._send()

    @override
    def data_received(self, data: bytes) -> None:
        self._buffer += data
        end = self._buffer.find(_END)
        if end < 0:
            return
        head = self._buffer[:end].lower()
        at = head.find(_LENGTH) + len(_LENGTH)
        length = int(head[at : (head + b"\r").find(b"\r", at)])
        if len(self._buffer) < end + len(_END) + length:
            return
        self._answered()

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        self._round.left()

    def _answered(self) -> None:
        volley, now = self._round.volley, monotonic()
        if not self._buffer.startswith(b"HTTP/1.1 200"):
            volley.refused = volley.refused or self._buffer
        volley.requests += 1
        volley.latencies.append(now - self._sent_at)
        self._buffer = b""
        if now < self._round.until and not volley.refused:
            self._send()
        elif self._transport is not None:
            self._transport.close()

    def _send(self) -> None:
        self._sent_at = monotonic()
        if self._transport is not None:
            self._transport.write(self._round.request())


async def fire(
    port: int, request: Callable[[], bytes], *, connections: int, seconds: float
) -> Volley:
    """Keep so many connections busy for so long; requests under way at the end are waited for and counted.

    Raises:
        FindingError: something else than a 200 was answered, or nothing.
    """
    loop = asyncio.get_running_loop()
    begun = monotonic()
    round_ = _Round(request, begun + seconds, Volley())
    for _ in range(connections):
        await loop.create_connection(lambda: _Client(round_), LOOPBACK, port)
    try:
        async with asyncio.timeout(seconds + _PATIENCE):
            await round_.over.wait()
    except TimeoutError as error:
        raise FindingError("The server stopped answering in the middle of a round.") from error
    round_.volley.seconds = monotonic() - begun
    if round_.volley.refused:
        answer = round_.volley.refused.partition(_END)[2].decode("utf-8", "replace")
        raise FindingError(f"The server refused a request: {answer[:300]}")
    return round_.volley
