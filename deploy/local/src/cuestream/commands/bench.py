"""`cuestream bench`: our rates beside the ceiling of this machine."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import msgspec
import typer

from cuestream.commands.options import Json
from cuestream.console import ERR, OUT, print_json
from cuestream.failures import UsageError


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(bench)


def bench(
    name: Annotated[str, typer.Argument(help="What to measure: ingest.")],
    *,
    seconds: Annotated[float, typer.Option(help="Of each of the rounds.", min=0.5)] = 3.0,
    ceilings: Annotated[Path, typer.Option(help="Folder of the bare loops.", metavar="DIR")] = Path(
        "tests/bench"
    ),
    json: Json = False,
) -> None:
    """Measure beside a bare loop that does the same work, in five alternating rounds, on a real Kafka.

    Starts what it needs and ends it; nothing of a running stack is touched.
    """
    if name != "ingest":
        raise UsageError(f"There is no bench {name}.", "There is: ingest.")
    import uvloop  # noqa: PLC0415 - only here

    from cuestream.bench.figures import table  # noqa: PLC0415 - loads Kafka's driver
    from cuestream.bench.ingest import run  # noqa: PLC0415 - as above

    report = uvloop.run(run(ceilings, seconds, lambda line: ERR.print(line, markup=False)))
    if json:
        print_json(msgspec.json.encode(report))
    else:
        OUT.print(table(report))
