"""`cuestream stop NAME`, `start NAME` and `scale NAME=N`: one process down on purpose and up again, and several of it."""

from __future__ import annotations

from typing import Annotated

import msgspec
import typer

from common.clock import monotonic
from cuestream.commands.options import Data, Json, counts_of, layout_of
from cuestream.console import print_json, say
from cuestream.failures import FindingError
from cuestream.stack.client import order
from cuestream.stack.control import StackStatus

Name = Annotated[str, typer.Argument(help="A name that `cuestream status` shows.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(stop)
    app.command()(start)
    app.command()(scale)


def stop(name: Name, *, data: Data = None, json: Json = False) -> None:
    """Stop one process; the supervisor leaves it down until `cuestream start`."""
    status = order(layout_of(data), "stop", name)
    _tell(status, f"{name} is down.", json=json)


def start(name: Name, *, data: Data = None, json: Json = False) -> None:
    """Start a stopped process and wait until it serves."""
    begun = monotonic()
    status = order(layout_of(data), "start", name)
    state = next(process.state for process in status.processes if process.name == name)
    if state != "ready":
        raise FindingError(f"{name} is {state}; see `cuestream logs {name}`.")
    _tell(status, f"{name} is ready ({monotonic() - begun:.1f} s).", json=json)


def scale(
    counts: Annotated[
        list[str], typer.Argument(metavar="NAME=N", help="A service's process, and how many of it.")
    ],
    *,
    data: Data = None,
    json: Json = False,
) -> None:
    """Run more or fewer of a process and wait until they serve; Kafka shares the partitions out anew."""
    wanted, layout = counts_of(counts), layout_of(data)
    status = order(layout, "status")
    for name, count in wanted.items():
        status = order(layout, "scale", name, count)
    told = ", ".join(f"{count} of {name}" for name, count in wanted.items())
    _tell(status, f"There are {told}.", json=json)


def _tell(status: StackStatus, sentence: str, *, json: bool) -> None:
    if json:
        print_json(msgspec.json.encode(status))
    else:
        say(sentence)
