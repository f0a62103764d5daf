"""`cuestream stop NAME` and `cuestream start NAME`: one process down on purpose, and up again."""

from __future__ import annotations

from typing import Annotated

import typer

from common.clock import monotonic
from cuestream.commands.options import Data, layout_of
from cuestream.console import say
from cuestream.failures import FindingError
from cuestream.stack.client import order

Name = Annotated[str, typer.Argument(help="A name that `cuestream status` shows.")]


def register(app: typer.Typer) -> None:
    """Add both commands."""
    app.command()(stop)
    app.command()(start)


def stop(name: Name, *, data: Data = None) -> None:
    """Stop one process; the supervisor leaves it down until `cuestream start`."""
    order(layout_of(data), "stop", name)
    say(f"{name} is down.")


def start(name: Name, *, data: Data = None) -> None:
    """Start a stopped process and wait until it serves."""
    begun = monotonic()
    status = order(layout_of(data), "start", name)
    state = next(process.state for process in status.processes if process.name == name)
    if state != "ready":
        raise FindingError(f"{name} is {state}; see `cuestream logs {name}`.")
    say(f"{name} is ready ({monotonic() - begun:.1f} s).")
