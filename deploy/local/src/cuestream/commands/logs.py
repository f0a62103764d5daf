"""`cuestream logs NAME`: what a process printed."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import Annotated, BinaryIO

import typer

from cuestream.commands.options import Data, layout_of
from cuestream.failures import UsageError

_TAIL_BYTES = 64 * 1024


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(logs)


def logs(
    name: Annotated[str, typer.Argument(help="A process, or `supervisor`.")],
    *,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on as it grows.")] = False,
    data: Data = None,
) -> None:
    """Print the end of a log."""
    path = layout_of(data).log(name)
    if not path.exists():
        names = sorted(log.stem for log in path.parent.glob("*.log"))
        raise UsageError(f"There is no log of {name}.", f"Logs: {', '.join(names) or 'none'}.")
    try:
        _print(path, follow=follow)
    except KeyboardInterrupt:
        return


def _print(path: Path, *, follow: bool) -> None:
    begin = max(0, path.stat().st_size - _TAIL_BYTES)
    while True:
        with path.open("rb") as file:
            file.seek(begin)
            _copy(file)
            while follow and path.stat().st_ino == os.fstat(file.fileno()).st_ino:
                time.sleep(0.2)
                _copy(file)
        if not follow:
            return
        begin = 0  # the process began a new log


def _copy(file: BinaryIO) -> None:
    sys.stdout.buffer.write(file.read())
    sys.stdout.buffer.flush()
