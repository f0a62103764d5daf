"""`cuestream status`: what runs, where, and how it is."""

from __future__ import annotations

import msgspec
import typer

from cuestream.commands.options import Data, Json, layout_of
from cuestream.console import OUT, print_json, say
from cuestream.stack.control import StackStatus, send
from cuestream.stack.showing import addresses, processes

_EXIT_CODES = {"ready": 0, "starting": 0, "failed": 1, "stopped": 3}


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(status)


def status(*, data: Data = None, json: Json = False) -> None:
    """Show every process and address; exit code 1 when one has failed, 3 when nothing runs."""
    layout = layout_of(data)
    running = layout.running()
    found = StackStatus("stopped", (), {}) if running is None else send(running, "status")
    if json:
        print_json(msgspec.json.encode(found))
    elif running is None:
        say(f"No stack is running in {layout.root}; start one with `cuestream up`.")
    else:
        say(f"The stack in {layout.root} is {found.state}.")
        OUT.print(processes(found))
        say(addresses(found.endpoints))
    raise typer.Exit(_EXIT_CODES[found.state])
