"""`cuestream down`: end the stack and everything it started."""

from __future__ import annotations

import msgspec
import psutil
import typer

from common.clock import monotonic
from cuestream.commands.options import Data, Json, layout_of
from cuestream.console import print_json, say
from cuestream.failures import UnreachableError
from cuestream.stack.control import StackStatus, send
from cuestream.stack.layout import Running

_PATIENCE_SECONDS = 45.0
"""Services have 10 s, brokers another 10 s."""


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(down)


def down(*, data: Data = None, json: Json = False) -> None:
    """Stop every process of the stack; what it stored stays."""
    layout = layout_of(data)
    running = layout.running()
    begun = monotonic()
    if running is not None:
        _end(running)
    if json:
        print_json(msgspec.json.encode(StackStatus("stopped", (), {})))
    elif running is None:
        say(f"No stack is running in {layout.root}.")
    else:
        say(f"Everything is down ({monotonic() - begun:.1f} s).")


def _end(running: Running) -> None:
    try:
        supervisor = psutil.Process(running.pid)
    except psutil.NoSuchProcess:
        return
    try:
        send(running, "down", timeout=_PATIENCE_SECONDS)
    except UnreachableError:
        supervisor.kill()  # its watcher ends the others
    supervisor.wait(timeout=10)
