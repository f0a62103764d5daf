"""A program beside the supervisor that ends its children when it is gone, even by `kill -9`.

It reads lines from its standard input, `add PGID SIGNAL` and `remove PGID`. The input ends when
the supervisor does: each process group still listed gets its signal, and 3 s later SIGKILL. The
kernel's parent death signal already reaches the direct children on Linux; this also reaches their
children (the workers of a server), and works elsewhere. Run as a file, on the bare interpreter.
"""

from __future__ import annotations

import os
import signal
import sys
import time

_PATIENCE_SECONDS = 3.0


def main() -> None:
    """Read until the supervisor is gone, then end what it left."""
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        signal.signal(getattr(signal, name), signal.SIG_IGN)
    groups: dict[int, int] = {}
    for line in sys.stdin:
        order, *numbers = line.split()
        if order == "add":
            groups[int(numbers[0])] = int(numbers[1])
        else:
            groups.pop(int(numbers[0]), None)
    _end(groups)


def _end(groups: dict[int, int]) -> None:
    left = {pgid for pgid, number in groups.items() if _signal(pgid, number)}
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while left and time.monotonic() < deadline:
        time.sleep(0.05)
        left = {pgid for pgid in left if _signal(pgid, 0)}
    for pgid in left:
        _signal(pgid, signal.SIGKILL)


def _signal(pgid: int, number: int) -> bool:
    """Signal a group; False when nothing of it is left."""
    try:
        os.killpg(pgid, number)
    except (ProcessLookupError, PermissionError):
        return False
    return True


if __name__ == "__main__":
    main()
