"""Reads a request's body: bounded in size, in time and in what it unpacks to."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from common.deadlines import Deadlines
from ingest.api.answers import RefusedError

Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]

GZIP = b"\x1f\x8b"
_AUTO = zlib.MAX_WBITS | 16
_MOST_MEMBERS = 16
SLOWEST = 30.0
"""Seconds a client may take to send its body."""


class ClientGoneError(Exception):
    """The connection closed before the body was there; there is nobody to answer."""


class _Reading:
    """One body on its way; its task is cancelled when the time is up."""

    __slots__ = ("expired", "over", "task")

    def __init__(self, task: asyncio.Task[Any]) -> None:
        self.task = task
        self.over = self.expired = False

    def done(self) -> bool:
        return self.over

    def expire(self) -> None:
        self.expired = True
        self.task.cancel()


class BodyReader:
    """Reads bodies; a client that takes more than `patience` seconds is given up."""

    def __init__(self, patience: float = SLOWEST) -> None:
        self._deadlines = Deadlines(patience)

    async def read(
        self,
        receive: Receive,
        limit: int,
        declared: bytes | None = None,
        *,
        verbatim: bool = False,
    ) -> bytes:
        """The whole body, unpacked when it begins as gzip does, whatever the headers say of that, unless it is `verbatim`.

        `declared` is the length that they announce: what is too large is not waited for.

        Raises:
            RefusedError: 413 `body_too_large`, 400 `invalid_gzip`, 408 `too_slow`.
            ClientGoneError: nobody waits for an answer.
        """
        if declared is not None and declared.isdigit() and int(declared[:20]) > limit:
            raise _too_large(limit)
        body = await self._in_time(receive, limit)
        return _unpacked(body, limit) if body.startswith(GZIP) and not verbatim else body

    async def _in_time(self, receive: Receive, limit: int) -> bytes:
        task = asyncio.current_task()
        if task is None:
            raise RuntimeError("a body is read in a task")
        reading = _Reading(task)
        self._deadlines.watch(reading)
        try:
            return await _whole(receive, limit)
        except asyncio.CancelledError as error:
            if reading.expired and task.uncancel() == 0:
                raise RefusedError(408, "too_slow", "the body did not arrive in time") from error
            raise
        finally:
            reading.over = True


async def _whole(receive: Receive, limit: int) -> bytes:
    chunks: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientGoneError
        chunks.append(message.get("body", b""))
        size += len(chunks[-1])
        if size > limit:
            raise _too_large(limit)
        if not message.get("more_body"):
            return b"".join(chunks)


def _unpacked(packed: bytes, limit: int) -> bytes:
    """Unpack at most `limit` bytes: 50 MB of zeros pack into 49 kB."""
    unpacked: list[bytes] = []
    size = 0
    for _ in range(_MOST_MEMBERS):
        unpacker = zlib.decompressobj(_AUTO)
        try:
            unpacked.append(unpacker.decompress(packed, limit - size + 1))
        except zlib.error as error:
            raise RefusedError(400, "invalid_gzip", "the body is not gzip") from error
        size += len(unpacked[-1])
        if size > limit:
            raise _too_large(limit)
        if not unpacker.eof:
            raise RefusedError(400, "invalid_gzip", "the body ends too early")
        packed = unpacker.unused_data
        if not packed.strip(b"\0"):
            return b"".join(unpacked)
    raise RefusedError(400, "invalid_gzip", "the body has too many parts")


def _too_large(limit: int) -> RefusedError:
    return RefusedError(413, "body_too_large", f"more than {limit} bytes after gunzip")
