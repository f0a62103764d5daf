"""`cuestream up`: the whole stack on this machine."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from common.settings import load_settings
from cuestream.commands.options import Data, counts_of, layout_of
from cuestream.console import OUT, print_json, say
from cuestream.failures import CommandError, UsageError
from cuestream.settings import LocalSettings
from cuestream.stack.events import Event, Failed, Report, encode
from cuestream.stack.layout import Layout
from cuestream.stack.nodes import how_many
from cuestream.stack.plan import CUESTREAM
from cuestream.stack.publishing import publishing
from cuestream.stack.running import Telling, run_detached, run_here
from cuestream.stack.showing import Show
from cuestream.stack.wish import Wish

Scale = Annotated[
    list[str] | None,
    typer.Option("--scale", metavar="NAME=N", help="Run N of a process; may be repeated."),
]
Workspaces = Annotated[
    Path,
    typer.Option(
        help="Folder with workspaces/, playbooks/ and models/; published at the start.",
        metavar="DIR",
    ),
]

Nodes = Annotated[
    int | None,
    typer.Option(
        "--kafka-nodes",
        metavar="1|3",
        help="Three keep every record twice at least and survive the loss of any; default: as before, at first 1.",
        show_default=False,
    ),
]

_STAYS_UP = "It stays up. See it with `cuestream status`, end it with `cuestream down`."


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(up)


def up(
    *,
    detach: Annotated[bool, typer.Option("--detach", help="Leave it running and return.")] = False,
    data: Data = None,
    workspaces: Workspaces = Path(),
    scale: Scale = None,
    kafka_nodes: Nodes = None,
    json: Annotated[bool, typer.Option("--json", help="Print what happens as JSON lines.")] = False,
    events_to: Annotated[int | None, typer.Option(hidden=True)] = None,
) -> None:
    """Start Kafka, PostgreSQL, the mailbox and all services, and keep them running.

    The first start downloads Kafka (43 MB). Ctrl-C stops everything, unless --detach.
    """
    layout, counts = layout_of(data), counts_of(scale or [])
    CUESTREAM.instances(counts)  # what is wrong is said before anything starts
    settings, publish = load_settings(LocalSettings), publishing(workspaces)
    nodes = how_many(layout, kafka_nodes) if settings.kafka_bootstrap_servers is None else 1
    with _shown(json=json) as show:
        if detach:
            _leave(layout, workspaces, scale or [], nodes, show)
        else:
            wish = Wish(
                CUESTREAM,
                layout,
                settings,
                counts,
                publish=publish,
                kafka_nodes=nodes,
            )
            _stay(wish, show, None if events_to is None else Telling(events_to))
    if not json:
        say(_STAYS_UP if detach else "Everything is down.")


@contextmanager
def _shown(*, json: bool) -> Iterator[Report]:
    if json:
        yield lambda event: print_json(encode(event).rstrip())
        return
    with Show(OUT) as show:
        yield show.take


def _leave(
    layout: Layout, workspaces: Path, scale: Sequence[str], nodes: int, show: Report
) -> None:
    if (running := layout.running()) is not None:
        raise UsageError(f"A stack is already running in {layout.root} (pid {running.pid}).")
    arguments = ["--data", str(layout.root), "--workspaces", str(workspaces)]
    arguments += ["--kafka-nodes", str(nodes)]
    for each in scale:
        arguments += ["--scale", each]
    run_detached(arguments, layout, show)


def _stay(wish: Wish, show: Report, telling: Telling | None) -> None:
    def report(event: Event) -> None:
        show(event)
        if telling is not None:
            telling.take(event)

    try:
        run_here(wish, report)
    except CommandError as error:
        report(Failed(error.message, error.remedies, error.exit_code))
        raise
