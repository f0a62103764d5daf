"""Finds out which process of the stack has made a connection: Kafka's clients all go to the same advertised port."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from cuestream.stack.proxy.faults import OUTSIDE

PROCESS = "CUESTREAM_PROCESS"
"""The variable that tells a process, and so its workers, what `status` calls it."""
_PROC = Path("/proc")
_LOCAL, _REMOTE, _INODE = 1, 2, 9
"""Columns of /proc/net/tcp."""


class Callers:
    """Names of the processes at the other end. Linux only: elsewhere everybody is from outside."""

    def __init__(self) -> None:
        self._named: dict[int, str] = {}

    def name(self, their_port: int, our_port: int) -> str:
        """Whose end of a connection of this machine it is; `OUTSIDE` where it is no process of the stack. Blocks."""
        inode = _inode(their_port, our_port)
        if inode is None:
            return OUTSIDE
        name = self._holder(inode)
        if name is None:
            self._named = dict(_named())
            name = self._holder(inode)
        return name or OUTSIDE

    def _holder(self, inode: str) -> str | None:
        wanted = f"socket:[{inode}]"
        return next((name for pid, name in self._named.items() if _has(pid, wanted)), None)


def _inode(their_port: int, our_port: int) -> str | None:
    """Java's sockets are IPv6 ones also when they reach IPv4 addresses."""
    local, remote = f":{their_port:04X}", f":{our_port:04X}"
    for table in ("tcp", "tcp6"):
        with suppress(OSError):
            for line in (_PROC / "net" / table).read_text().splitlines()[1:]:
                columns = line.split()
                if columns[_LOCAL].endswith(local) and columns[_REMOTE].endswith(remote):
                    return columns[_INODE]
    return None


def _has(pid: int, wanted: str) -> bool:
    try:
        for descriptor in (_PROC / str(pid) / "fd").iterdir():
            with suppress(FileNotFoundError):  # closed in between
                if str(descriptor.readlink()) == wanted:
                    return True
    except OSError:
        return False  # it has ended, or is not ours to look at
    return False


def _named() -> Iterator[tuple[int, str]]:
    """The processes of this user that were told a name."""
    start = f"{PROCESS}=".encode()
    for folder in _PROC.iterdir():
        if not folder.name.isdigit():
            continue
        with suppress(OSError):
            for entry in (folder / "environ").read_bytes().split(b"\0"):
                if entry.startswith(start):
                    yield int(folder.name), entry.removeprefix(start).decode()
