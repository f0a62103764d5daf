"""Requests as bytes on a connection of their own, so that they may also be none."""

from __future__ import annotations

import json
import socket
from contextlib import suppress
from dataclasses import dataclass
from http.client import HTTPException, HTTPResponse
from typing import Any

_PATIENCE = 30.0
"""Seconds for an answer; more than the edge's own deadlines, on a busy machine too."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back."""

    status: int
    kind: str
    body: bytes

    @property
    def json(self) -> Any:
        """What it says; None where that is no JSON, or was not asked for (HEAD)."""
        is_json = self.body and self.kind.startswith("application/json")
        return json.loads(self.body) if is_json else None


@dataclass(frozen=True, slots=True)
class Shot:
    """Bytes for one connection."""

    parts: tuple[bytes, ...]
    """Sent one by one."""
    method: str = "POST"
    whole: bool = True
    """It is a request that has to be answered; else the connection is closed behind it, and no answer is one, too."""


def framed(
    method: str, target: bytes, headers: list[tuple[bytes, bytes]], body: bytes, chunk: int = 0
) -> Shot:
    """A request that HTTP allows: of a known length, or in chunks of so many bytes."""
    head = b"%s %s HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n" % (method.encode(), target)
    head += b"".join(b"%s: %s\r\n" % header for header in headers)
    if not chunk:
        return Shot((head + b"content-length: %d\r\n\r\n" % len(body) + body,), method)
    pieces = [body[at : at + chunk] for at in range(0, len(body), chunk)]
    wrapped = [b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces]
    return Shot((head + b"transfer-encoding: chunked\r\n\r\n", *wrapped, b"0\r\n\r\n"), method)


def fire(port: int, shot: Shot) -> Reply | None:
    """The first answer; None where the server only closed the connection.

    Raises:
        AssertionError: a whole request got no answer.
    """
    with socket.create_connection(("127.0.0.1", port), timeout=_PATIENCE) as peer:
        with suppress(OSError):  # it may be refused, and closed, before all is sent
            for part in shot.parts:
                peer.sendall(part)
            if not shot.whole:
                peer.shutdown(socket.SHUT_WR)
        reply = _answer(peer, shot.method)
    assert reply is not None or not shot.whole, f"no answer to {shot}"
    return reply


def _answer(peer: socket.socket, method: str) -> Reply | None:
    response = HTTPResponse(peer, method=method)
    try:
        response.begin()
        return Reply(response.status, response.getheader("content-type") or "", response.read())
    except (HTTPException, ConnectionError):
        return None
    finally:
        response.close()
