"""Runs a supervisor in this process, in one beside it, or in one that stays behind."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from cuestream.failures import CommandError, UnreachableError
from cuestream.stack.events import Event, Failed, Report, Up, decode, encode
from cuestream.stack.launch import dying_with_parent, last_lines, open_log
from cuestream.stack.layout import Layout
from cuestream.stack.supervisor import Supervisor
from cuestream.stack.wish import Wish

_UP = ("cuestream", "up")


def run_here(wish: Wish, report: Report) -> None:
    """Hold the stack up until Ctrl-C, SIGTERM, a closed terminal or `cuestream down`.

    Raises:
        CommandError: it could not be brought up; all of it is down again.
    """
    with wish.layout.held():
        asyncio.run(_live(wish, report))


async def _live(wish: Wish, report: Report) -> None:
    supervisor = Supervisor(wish, report)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, supervisor.end)
    await supervisor.run()


def run_detached(arguments: Sequence[str], layout: Layout, report: Report) -> None:
    """Start `cuestream up` in a session of its own and return when its stack is ready.

    Raises:
        CommandError: what the other process reported.
    """
    process = _started((*_UP, *arguments), layout, report)
    process.returncode = 0  # it stays behind on purpose: nobody is to wait for it


@contextmanager
def run_beside(
    arguments: Sequence[str], layout: Layout, report: Report, program: Sequence[str] = _UP
) -> Iterator[None]:
    """A stack for the body, down after it; it ends with this process, however this process ends.

    `program` is what follows `python -m`: `cuestream up`, or something that takes `--events-to` as it does.

    Raises:
        CommandError: it could not be brought up.
    """
    argv = (*program, *arguments)
    process = _started(argv, layout, report, dying_with_parent(signal.SIGTERM))
    try:
        yield
    finally:
        process.terminate()
        process.wait()


def _started(
    argv: Sequence[str],
    layout: Layout,
    report: Report,
    before: Callable[[], None] | None = None,
) -> subprocess.Popen[bytes]:
    """The supervisor's process, once its stack is ready; `before` runs in it before its program."""
    reading, writing = os.pipe()
    log = layout.log("supervisor")
    with open_log(log) as output:
        process = subprocess.Popen(  # noqa: S603  our own argv
            [sys.executable, "-m", *argv, "--events-to", str(writing)],
            pass_fds=[writing],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=before,  # noqa: PLW1509  no thread runs yet
        )
    os.close(writing)
    try:
        last = _pass_on(reading, report)
    except KeyboardInterrupt:
        process.terminate()  # half a stack is of no use
        process.wait()
        raise
    if isinstance(last, Failed):
        process.wait()
        raise ReportedError(last)
    if not isinstance(last, Up):
        raise UnreachableError(f"The supervisor ended:\n{last_lines(log)}")
    return process


def _pass_on(reading: int, report: Report) -> Event | None:
    last: Event | None = None
    with os.fdopen(reading, "rb") as lines:
        for line in lines:
            last = decode(line)
            report(last)
    return last


class ReportedError(CommandError):
    """An error that another process met."""

    def __init__(self, failed: Failed) -> None:
        super().__init__(failed.message, *failed.remedies)
        self.exit_code = failed.exit_code


class Telling:
    """Hands events to the process that waits for the start, until it is up or has failed."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor: int | None = descriptor

    def take(self, event: Event) -> None:
        """Write one line; whoever waited may have left."""
        if self._descriptor is None:
            return
        try:
            os.write(self._descriptor, encode(event))
        except BrokenPipeError:
            self.close()
        if isinstance(event, Up | Failed):
            self.close()

    def close(self) -> None:
        """Nobody is told anything from now on."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None
