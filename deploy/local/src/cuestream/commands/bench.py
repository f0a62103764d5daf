"""`cuestream bench`: our rates beside the ceiling of this machine."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

from cuestream.commands.options import Json
from cuestream.console import ERR, OUT, print_json
from cuestream.failures import UsageError

# Each bench loads drivers and servers that no other command needs.
# ruff: noqa: PLC0415

if TYPE_CHECKING:
    from cuestream.bench.figures import Effort, Report

Bench = Callable[[Path, "Effort"], Awaitable["Report"]]
BENCHES = ("ingest", "resolve", "consume", "timers", "journeys", "replay", "chain", "soak")
"""Each is `run` of a module of that name."""


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(bench)


def bench(
    name: Annotated[
        str,
        typer.Argument(help=f"What to measure: {', '.join(BENCHES)}."),
    ],
    *,
    seconds: Annotated[float, typer.Option(help="Of each of the rounds.", min=0.5)] = 3.0,
    rounds: Annotated[int, typer.Option(help="Of each side.", min=1)] = 5,
    size: Annotated[
        list[int] | None,
        typer.Option(
            help="How many timers or passages wait, or profiles or ids are known; may be repeated.",
            min=0,
        ),
    ] = None,
    ceilings: Annotated[Path, typer.Option(help="Folder of the bare loops.", metavar="DIR")] = Path(
        "tests/bench"
    ),
    json: Json = False,
) -> None:
    """Measure beside a bare loop that does the same work, in alternating rounds, on a real Kafka and PostgreSQL.

    Starts what it needs and ends it; nothing of a running stack is touched.
    """
    from cuestream.bench.figures import Effort, notes, table
    from cuestream.bench.rivals import RIVALS

    measure = _bench(name)
    logging.getLogger("aiokafka").addHandler(logging.NullHandler())  # new topics have no leader yet
    effort = Effort(seconds, rounds, lambda line: ERR.print(line, markup=False), size or ())
    report = msgspec.structs.replace(
        _run(measure(ceilings, effort)), rivals=tuple(RIVALS.get(name, ()))
    )
    if json:
        print_json(msgspec.json.encode(report))
    else:
        OUT.print(table(report))
        for line in notes(report):
            OUT.print(f"  {line}", style="dim", markup=False)


def _bench(name: str) -> Bench:
    if name not in BENCHES:
        raise UsageError(f"There is no bench {name}.", f"There are: {', '.join(BENCHES)}.")
    measure: Bench = import_module(f"cuestream.bench.{name}").run
    return measure


def _run(report: Awaitable[Report]) -> Report:
    import uvloop

    async def awaited() -> Report:
        return await report

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(awaited())
