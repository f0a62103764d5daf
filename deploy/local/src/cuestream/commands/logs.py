"""`cuestream logs NAME`: what a process printed."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from cuestream.commands.options import Data, layout_of
from cuestream.console import print_json
from cuestream.failures import UsageError
from cuestream.stack.layout import Layout

_TAIL_BYTES = 64 * 1024


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(logs)


def logs(
    name: Annotated[str, typer.Argument(help="A process, or `supervisor`.")],
    *,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on as it grows.")] = False,
    data: Data = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON lines.")] = False,
) -> None:
    """Print the end of a log."""
    layout = layout_of(data)
    path = layout.log(name)
    if not path.exists():
        names = sorted(log.stem for log in path.parent.glob("*.log"))
        raise UsageError(
            f"There is no log of {name} in {layout.root}.",
            f"Logs: {', '.join(names) or 'none'}.",
            *_of_the_demo(layout, name),
        )
    try:
        _print(path, _Lines(name).take if json else _copy, follow=follow)
    except KeyboardInterrupt:
        return


def _of_the_demo(layout: Layout, name: str) -> list[str]:
    """Where a demo brought up a stack of its own, its logs are beside the usual ones."""
    own = Layout(layout.root / "demo")
    if not own.log(name).parent.exists():
        return []
    return [f"The last demo had a stack of its own: `cuestream logs {name} --data {own.root}`."]


def _print(path: Path, take: Callable[[bytes], None], *, follow: bool) -> None:
    begin = max(0, path.stat().st_size - _TAIL_BYTES)
    while True:
        with path.open("rb") as file:
            file.seek(begin)
            take(file.read())
            while follow and path.stat().st_ino == os.fstat(file.fileno()).st_ino:
                time.sleep(0.2)
                take(file.read())
        if not follow:
            return
        begin = 0  # the process began a new log


def _copy(read: bytes) -> None:
    sys.stdout.buffer.write(read)
    sys.stdout.buffer.flush()


class _Lines:
    """Whole lines as JSON, however they were cut when they were read."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._begun = b""

    def take(self, read: bytes) -> None:
        *lines, self._begun = (self._begun + read).split(b"\n")
        for line in lines:
            told = {"name": self._name, "line": line.decode("utf-8", "replace")}
            print_json(msgspec.json.encode(told))
