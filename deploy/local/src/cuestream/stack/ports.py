"""Which TCP ports of this machine are free."""

from __future__ import annotations

import socket
from collections.abc import Collection

LOOPBACK = "127.0.0.1"


def is_free(port: int) -> bool:
    """True when nobody listens on the port, on whatever address."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # old connections do not count
        try:
            probe.bind(("", port))
        except OSError:
            return False
        return True


def free_port(wanted: int | None = None, *, taken: Collection[int] = ()) -> int:
    """The wanted port or the next free one above it; without a wish whatever the kernel gives."""
    if wanted is not None:
        for port in range(wanted, min(wanted + 200, 65536)):
            if port not in taken and is_free(port):
                return port
    while True:
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            probe.bind((LOOPBACK, 0))
            port = int(probe.getsockname()[1])
        if port not in taken:
            return port


def accepts(port: int, *, host: str = LOOPBACK, timeout: float = 2.0) -> bool:
    """True when somebody takes connections there."""
    try:
        with socket.create_connection((host, port), timeout=timeout):
            return True
    except OSError:
        return False
