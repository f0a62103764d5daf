"""A server that runs for as long as a `with` block lasts, and can be killed and started again in it."""

from __future__ import annotations

import subprocess
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from types import TracebackType
from typing import Self

from cuestream.failures import UnreachableError
from cuestream.stack.launch import Command, kill_group, last_lines, spawn


def wait_until(what: str, ready: Callable[[], bool], *, timeout: float = 60.0) -> None:
    """Ask until it is ready.

    Raises:
        UnreachableError: it was not within `timeout` seconds.
    """
    deadline = time.monotonic() + timeout
    while not ready():
        if time.monotonic() > deadline:
            raise UnreachableError(f"{what} did not come up within {timeout:.0f} s")
        time.sleep(0.05)


class Foreground(ABC):
    """Start, stop, kill; blocking, for the main thread (a child dies with the thread that made it)."""

    def __init__(self, name: str, command: Command) -> None:
        self.name = name
        self._command = command
        self._process: subprocess.Popen[bytes] | None = None

    @abstractmethod
    def is_ready(self) -> bool:
        """True when it serves; asked again and again while it starts."""

    @property
    def pid(self) -> int:
        """The process's id; it must be running."""
        if self._process is None:
            raise RuntimeError(f"{self.name} is not running")
        return self._process.pid

    def start(self, *, timeout: float = 60.0) -> None:
        """Return when it serves.

        Raises:
            UnreachableError: it ended or did not come up within `timeout` seconds.
        """
        process = self._process = spawn(self._command)
        try:
            wait_until(
                self.name, lambda: process.poll() is not None or self.is_ready(), timeout=timeout
            )
        except UnreachableError:
            self.kill()
            raise
        if process.poll() is not None:
            self._process = None
            raise UnreachableError(f"{self.name} ended:\n{last_lines(self._command.log)}")

    def stop(self, *, timeout: float = 10.0) -> None:
        """Ask it to end; kill it when it does not."""
        if self._process is not None:
            self._process.send_signal(self._command.stop_signal)
            try:
                self._process.wait(timeout)
            except subprocess.TimeoutExpired:
                self.kill()
            self._process = None

    def kill(self) -> None:
        """As `kill -9` does; returns when the process is gone."""
        if self._process is not None:
            kill_group(self._process.pid)
            self._process.wait()
            self._process = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()
