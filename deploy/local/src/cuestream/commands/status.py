"""`cuestream status`: what runs, where, and what stands in its way."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
import typer

from cuestream.commands.options import Data, Json, layout_of
from cuestream.console import OUT, print_json, say
from cuestream.failures import CommandError
from cuestream.reaching.caller import calling
from cuestream.reaching.installation import Installation, of_stack
from cuestream.reaching.processes import Told, ask
from cuestream.stack.client import stack_of
from cuestream.stack.control import StackStatus, send
from cuestream.stack.layout import Layout
from cuestream.stack.showing import addresses, processes

PATIENCE_SECONDS = 5.0
"""Whoever asks how things are wants to know soon."""
_EXIT_CODES = {"ready": 0, "starting": 0, "failed": 1, "stopped": 3}


class Obstacles(msgspec.Struct, frozen=True):
    """What holds the work up although every process runs."""

    halts: Sequence[Mapping[str, Any]] | None = ()
    """None: the dispatcher does not say."""
    stopped: Sequence[Mapping[str, Any]] = ()
    """Partitions that stand still with an alarm."""


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(status)


def status(*, data: Data = None, json: Json = False) -> None:
    """Show every process and address, halts in force and partitions that stand still.

    Exit code 1 when a process has failed or a partition stands still, 3 when nothing runs.
    """
    layout = layout_of(data)
    running = layout.running()
    found = StackStatus("stopped", (), {}) if running is None else send(running, "status")
    # Before all is up there is nobody to ask.
    obstacles = asyncio.run(_obstacles(layout, found)) if found.endpoints else Obstacles()
    if json:
        print_json(msgspec.json.encode({**_fields(found), **_fields(obstacles)}))
    elif running is None:
        say(f"No stack is running in {layout.root}; start one with `cuestream up`.")
    else:
        say(f"The stack in {layout.root} is {found.state}.")
        OUT.print(processes(found))
        say(addresses(found.endpoints))
        _tell(obstacles)
    raise typer.Exit(1 if obstacles.stopped else _EXIT_CODES[found.state])


async def _obstacles(layout: Layout, found: StackStatus) -> Obstacles:
    installation = of_stack(stack_of(layout, found))
    halts, told = await asyncio.gather(_halts(installation), ask(installation))
    return Obstacles(halts, _stopped(told))


async def _halts(installation: Installation) -> Sequence[Mapping[str, Any]] | None:
    try:
        async with asyncio.timeout(PATIENCE_SECONDS), calling(installation, "dispatcher") as api:
            halts: Sequence[Mapping[str, Any]] = await api.get("/v1/halts")
    except (CommandError, TimeoutError):
        return None
    return halts


def _stopped(told: Told) -> list[Mapping[str, Any]]:
    return [
        {"loop": loop, "partition": partition, "alarm": why}
        for (loop, partition), why in sorted(told.alarms.items())
    ]


def _tell(obstacles: Obstacles) -> None:
    if obstacles.halts is None:
        say("Whether sending is halted, the dispatcher does not say.")
    for halt in obstacles.halts or ():
        every = halt["workspace"] == "*"
        whose = "" if every else f" for the workspace {halt['workspace']}"
        say(f"Nothing is sent{whose} since {halt['at']}: halted by {halt['by']}.")
    for one in obstacles.stopped:
        told = f"{one['loop']} partition {one['partition']} stands still: {one['alarm']}."
        OUT.print(told, markup=False, style="bold red")


def _fields(struct: msgspec.Struct) -> dict[str, Any]:
    return {name: getattr(struct, name) for name in struct.__struct_fields__}
