"""A stack that runs beside a command and ends with it, however the command ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from cuestream.failures import UnreachableError
from cuestream.stack.events import Failed, Report, Up, decode
from cuestream.stack.launch import dying_with_parent, last_lines, open_log
from cuestream.stack.layout import Layout
from cuestream.stack.running import ReportedError


@contextmanager
def stack_beside(arguments: Sequence[str], layout: Layout, report: Report) -> Iterator[None]:
    """Bring a stack up for the body, and down after it.

    Raises:
        CommandError: it could not be brought up.
    """
    reading, writing = os.pipe()
    log = layout.log("supervisor")
    with open_log(log) as output:
        process = subprocess.Popen(  # noqa: S603  our own argv
            [sys.executable, "-m", "cuestream", "up", *arguments, "--events-to", str(writing)],
            pass_fds=[writing],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=dying_with_parent(signal.SIGTERM),  # noqa: PLW1509 - no thread runs yet
        )
    os.close(writing)
    try:
        with os.fdopen(reading, "rb") as lines:
            for line in lines:
                event = decode(line)
                report(event)
                if isinstance(event, Failed):
                    raise ReportedError(event)
                if isinstance(event, Up):
                    break
            else:
                raise UnreachableError(f"The supervisor ended:\n{last_lines(log)}")
        yield
    finally:
        process.terminate()
        process.wait()
