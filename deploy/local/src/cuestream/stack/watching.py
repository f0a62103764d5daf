"""The supervisor's side of the watcher: which process groups must not outlive it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from signal import Signals

from cuestream.stack import watcher


class Watch:
    """Keeps a watcher running, and its list right even after somebody killed it."""

    def __init__(self) -> None:
        self._groups: dict[int, Signals] = {}
        self._process: subprocess.Popen[bytes] | None = None

    def add(self, pgid: int, number: Signals) -> None:
        """From now on the group ends with this process, by this signal first."""
        self._groups[pgid] = number
        self._tell(f"add {pgid} {int(number)}")

    def remove(self, pgid: int) -> None:
        """The group is gone; its number may soon mean others."""
        self._groups.pop(pgid, None)
        self._tell(f"remove {pgid}")

    def close(self) -> None:
        """Let the watcher end; it ends what is still on the list."""
        if self._process is not None:
            self._process.communicate()
            self._process = None

    def _tell(self, line: str) -> None:
        if self._process is None or self._process.poll() is not None:
            self._start()
        else:
            self._write(line)

    def _start(self) -> None:
        if self._process is not None:
            self._process.communicate()
        self._process = subprocess.Popen(  # noqa: S603  our own argv
            [sys.executable, "-I", "-S", str(Path(watcher.__file__))],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        for pgid, number in self._groups.items():
            self._write(f"add {pgid} {int(number)}")

    def _write(self, line: str) -> None:
        if self._process is None or self._process.stdin is None:
            raise RuntimeError("the watcher has no input")
        self._process.stdin.write(f"{line}\n".encode())
        self._process.stdin.flush()
