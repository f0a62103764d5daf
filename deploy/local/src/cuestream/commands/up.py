"""`cuestream up`: the whole stack on this machine."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from common.settings import load_settings
from cuestream.commands.options import Data, layout_of
from cuestream.console import OUT, print_json, say
from cuestream.failures import CommandError, UsageError
from cuestream.settings import LocalSettings
from cuestream.stack.events import Event, Failed, Report, encode
from cuestream.stack.layout import Layout
from cuestream.stack.plan import CUESTREAM
from cuestream.stack.publishing import publishing
from cuestream.stack.running import Telling, run_detached, run_here
from cuestream.stack.showing import Show
from cuestream.stack.supervisor import Wish

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
    json: Annotated[bool, typer.Option("--json", help="Print what happens as JSON lines.")] = False,
    events_to: Annotated[int | None, typer.Option(hidden=True)] = None,
) -> None:
    """Start Kafka, PostgreSQL, the mailbox and all services, and keep them running.

    The first start downloads Kafka (43 MB). Ctrl-C stops everything, unless --detach.
    """
    layout, counts = layout_of(data), _counts(scale or [])
    CUESTREAM.instances(counts)  # what is wrong is said before anything starts
    publish = publishing(workspaces)
    with _shown(json=json) as show:
        if detach:
            _leave(layout, workspaces, scale or [], show)
        else:
            wish = Wish(CUESTREAM, layout, load_settings(LocalSettings), counts, publish=publish)
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


def _leave(layout: Layout, workspaces: Path, scale: Sequence[str], show: Report) -> None:
    if (running := layout.running()) is not None:
        raise UsageError(f"A stack is already running in {layout.root} (pid {running.pid}).")
    arguments = ["--data", str(layout.root), "--workspaces", str(workspaces)]
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


def _counts(scale: Sequence[str]) -> dict[str, int]:
    counts = {}
    for each in scale:
        name, _, count = each.partition("=")
        if not count.isdigit():
            raise UsageError(f"--scale takes NAME=N, not {each}.")
        counts[name] = int(count)
    return counts
