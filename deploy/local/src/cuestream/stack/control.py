"""How other commands talk to a running supervisor: JSON lines on a port of the loopback address.

A port and not a socket file, because a file's path may not exceed 107 characters; the token, in a file
that only this user can read, keeps other users of the machine out.
"""

from __future__ import annotations

import asyncio
import secrets
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Literal

import msgspec

from cuestream.failures import CommandError, UnreachableError, UsageError
from cuestream.stack.layout import Running
from cuestream.stack.ports import LOOPBACK

Order = Literal["status", "stop", "start", "kill", "scale", "down"]


class Request(msgspec.Struct, frozen=True):
    """One order; `name` is the process's where one is meant, `count` how many of it there shall be."""

    token: str
    order: Order
    name: str = ""
    count: int = 0


class ProcessStatus(msgspec.Struct, frozen=True):
    """One line of `status`."""

    name: str
    pid: int | None
    state: Literal["ready", "starting", "stopped", "failed"]
    port: int | None
    restarts: int


class StackStatus(msgspec.Struct, frozen=True):
    """What `status --json` prints."""

    state: Literal["ready", "starting", "stopped", "failed"]
    processes: tuple[ProcessStatus, ...]
    endpoints: dict[str, str]


class Answer(msgspec.Struct, frozen=True):
    """The status after the order was carried out, or why it was not."""

    status: StackStatus | None = None
    error: str = ""
    remedies: tuple[str, ...] = ()


Handler = Callable[[Request], Awaitable[StackStatus]]


@asynccontextmanager
async def serve(handle: Handler, token: str) -> AsyncIterator[int]:
    """Take orders while the block lasts; yields the port."""
    talks: set[asyncio.Task[None]] = set()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if (task := asyncio.current_task()) is not None:
            talks.add(task)
            task.add_done_callback(talks.discard)
        try:
            answer = await _answer(handle, token, await reader.readline())
            writer.write(msgspec.json.encode(answer) + b"\n")
            await writer.drain()
        except ConnectionError:
            return  # the one who asked is gone
        finally:
            writer.close()

    server = await asyncio.start_server(talk, LOOPBACK, 0)
    try:
        yield int(server.sockets[0].getsockname()[1])
    finally:
        server.close()
        if talks:  # whoever ordered the end gets the answer
            await asyncio.wait(talks, timeout=2.0)


async def _answer(handle: Handler, token: str, line: bytes) -> Answer:
    try:
        request = msgspec.json.decode(line, type=Request)
    except msgspec.MsgspecError as error:
        return Answer(error=f"not an order: {error}")
    if not secrets.compare_digest(request.token, token):
        return Answer(error="wrong token")
    try:
        return Answer(status=await handle(request))
    except CommandError as error:
        return Answer(error=error.message, remedies=error.remedies)


def send(
    running: Running, order: Order, name: str = "", count: int = 0, *, timeout: float = 180.0
) -> StackStatus:
    """Have an order carried out; blocks until it is.

    Raises:
        UsageError: the supervisor refuses it.
        UnreachableError: it does not answer.
    """
    line = msgspec.json.encode(Request(running.token, order, name, count)) + b"\n"
    try:
        with socket.create_connection((LOOPBACK, running.control_port), timeout=timeout) as peer:
            peer.sendall(line)
            with peer.makefile("rb") as replies:
                reply = replies.readline()
        answer = msgspec.json.decode(reply, type=Answer)
    except (OSError, msgspec.MsgspecError) as error:
        raise UnreachableError(f"The supervisor (pid {running.pid}) does not answer.") from error
    if answer.status is None:
        raise UsageError(answer.error, *answer.remedies)
    return answer.status
