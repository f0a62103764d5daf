"""Asks a broker, in Kafka's own protocol, whether the cluster is up; no client library is needed."""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterator

_METADATA_V1 = (3, 1)
_NO_TOPICS = struct.pack(">i", 0)


def live_brokers(port: int, *, host: str = "127.0.0.1", timeout: float = 1.0) -> frozenset[int]:
    """The ids of the brokers that the one at this port knows to be alive; none when it does not answer."""
    header = struct.pack(">hhih", *_METADATA_V1, 1, -1)  # correlation 1, no client id
    request = header + _NO_TOPICS
    try:
        with socket.create_connection((host, port), timeout=timeout) as connection:
            connection.sendall(struct.pack(">i", len(request)) + request)
            reply = _read(connection, struct.unpack(">i", _read(connection, 4))[0])
    except (OSError, EOFError):
        return frozenset()
    return frozenset(_ids(reply))


def _ids(reply: bytes) -> Iterator[int]:
    """Of each broker its id, its host (a length and text), its port and its rack (the same, or length −1)."""
    (count,), at = struct.unpack_from(">i", reply, 4), 8
    for _ in range(count):
        node, host = struct.unpack_from(">ih", reply, at)
        at += 6 + host + 4
        (rack,) = struct.unpack_from(">h", reply, at)
        at += 2 + max(rack, 0)
        yield node


def _read(connection: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        chunk = connection.recv(size - len(data))
        if not chunk:
            raise EOFError
        data += chunk
    return data
