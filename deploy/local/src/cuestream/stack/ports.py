"""Which TCP ports of this machine are free, and whose they are until somebody listens on them."""

from __future__ import annotations

import fcntl
import secrets
import socket
from collections.abc import Callable, Collection, Iterator
from itertools import chain
from pathlib import Path
from typing import IO

LOOPBACK = "127.0.0.1"

# Below what kernels give to outgoing connections (Linux from 32768, others from 49152): a port from there may
# be somebody's end of a connection by the time that a process wants to listen on it again.
_QUIET = range(20_000, 32_000)


def is_free(port: int) -> bool:
    """True when nobody listens on the port, on whatever address."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # old connections do not count
        try:
            probe.bind(("", port))
        except OSError:
            return False
        return True


class Claims:
    """Ports that are ours from the moment they are chosen, long before a process listens on them.

    Two stacks that start at once would else find the same ones free. A claim is a locked file: the kernel lets
    go of it when this process ends, however. Whoever claims nothing is met by `is_free` alone.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._files: dict[int, IO[bytes]] = {}

    def take(self, port: int) -> bool:
        """Claim a port; False when it is claimed elsewhere or somebody listens on it."""
        if port in self._files:
            return True
        try:
            file = self._locked(port)
        except BlockingIOError:
            return False
        except OSError:  # nowhere to lock anything
            return is_free(port)
        if not is_free(port):
            file.close()
            return False
        self._files[port] = file
        return True

    def close(self) -> None:
        """Let go of all."""
        for file in self._files.values():
            file.close()
        self._files.clear()

    def _locked(self, port: int) -> IO[bytes]:
        self._folder.mkdir(parents=True, exist_ok=True)
        file = (self._folder / f"{port}.lock").open("ab")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.close()
            raise
        return file


def free_port(
    wanted: int | None = None,
    *,
    taken: Collection[int] = (),
    is_mine: Callable[[int], bool] = is_free,
) -> int:
    """The wanted port or the next one above it that is to be had; without a wish any."""
    near = range(wanted, min(wanted + 200, 65536)) if wanted is not None else ()
    for port in chain(near, _anywhere()):
        if port not in taken and is_mine(port):
            return port
    raise OSError("no TCP port is free")


def _anywhere() -> Iterator[int]:
    """From a place of chance on: those who look at the same time shall not meet."""
    first = secrets.randbelow(len(_QUIET))
    yield from _QUIET[first:]
    yield from _QUIET[:first]


def accepts(port: int, *, host: str = LOOPBACK, timeout: float = 2.0) -> bool:
    """True when somebody takes connections there."""
    try:
        with socket.create_connection((host, port), timeout=timeout):
            return True
    except OSError:
        return False
