"""`cuestream demo`: the main job before your eyes, with a verdict at the end."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from common.settings import load_settings
from cuestream.commands.options import Data, layout_of
from cuestream.console import OUT, print_json, say
from cuestream.failures import FindingError, UsageError
from cuestream.settings import DemoSettings
from cuestream.stack.client import order
from cuestream.stack.events import Event
from cuestream.stack.layout import Layout
from cuestream.stack.plan import CUESTREAM
from cuestream.stack.running import run_beside
from cuestream.stack.showing import Show

KILLABLE = ("kafka", "postgres", "mailbox", *(service.name for service in CUESTREAM.services))


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(demo)


def demo(
    *,
    seconds: Annotated[
        float | None, typer.Option(help="End by itself after so long; also DEMO_SECONDS.", min=20)
    ] = None,
    kill: Annotated[
        str | None, typer.Option(metavar="NAME", help="kill -9 this process on the way.")
    ] = None,
    at: Annotated[str, typer.Option(metavar="20s", help="When to kill it.")] = "20s",
    rate: Annotated[float, typer.Option(help="New visitors a second.", min=0.1, max=50)] = 1.8,
    seed: Annotated[int, typer.Option(help="The same seed sends the same visitors.")] = 1,
    data: Data = None,
    workspaces: Annotated[
        Path,
        typer.Option(help="Folder with workspaces/, playbooks/ and models/.", metavar="DIR"),
    ] = Path(),
    json: Annotated[bool, typer.Option("--json", help="Print only the result, as JSON.")] = False,
) -> None:
    """Open a small shop whose visitors use the real Segment SDK, and see that every promise holds.

    Uses the stack that runs in the folder; where none runs, brings up one of its own for as long as it takes.
    """
    from cuestream.demo.running import Demo, Plan  # noqa: PLC0415 - the SDK is an extra

    wanted = Plan(
        seconds=seconds or load_settings(DemoSettings).seconds or (60.0 if kill or json else None),
        rate=rate,
        seed=seed,
        kill=_killable(kill),
        kill_at=_seconds(at),
        quiet=json,
    )
    if kill and wanted.seconds is not None and wanted.kill_at >= wanted.seconds:
        raise UsageError(f"--at {at} is after the end of the demo, {wanted.seconds:.0f} s.")
    with _stack(layout_of(data), workspaces, quiet=json) as layout:
        endpoints = order(layout, "status").endpoints
        if not json:
            _greet(endpoints, wanted.seconds)
        summary = asyncio.run(Demo(wanted, layout, endpoints, workspaces).run())
    if not json:
        from cuestream.demo.showing import verdict  # noqa: PLC0415 - see above

        OUT.print(verdict(summary))
    print_json(msgspec.json.encode(summary))
    if not summary.promises_held:
        raise FindingError(
            "A promise was broken.",
            f"The logs are in {layout.root}/logs: `cuestream logs NAME --data {layout.root}`.",
        )


@contextmanager
def _stack(layout: Layout, workspaces: Path, *, quiet: bool) -> Iterator[Layout]:
    if layout.running() is not None:
        yield layout
        return
    own = Layout(layout.root / "demo")
    if own.running() is not None:
        raise UsageError(f"A demo is already running in {own.root}.")
    shutil.rmtree(own.root, ignore_errors=True)  # every demo begins with an empty shop
    arguments = ["--data", str(own.root), "--workspaces", str(workspaces)]
    with Show(OUT) as show:

        def report(event: Event) -> None:
            if not quiet:
                show.take(event)

        with run_beside(arguments, own, report):
            yield own


def _greet(endpoints: dict[str, str], seconds: float | None) -> None:
    say("")
    say("A small shop opens: its visitors browse, fill carts, buy, leave, unsubscribe.")
    say(
        "A cart that rests for 10 s gets one reminder, unless its owner orders, empties it or said no."
    )
    say(f"  mails      {endpoints['mailbox']}")
    say(f"  live page  {endpoints['orchestrator']}")
    say("  stop       Ctrl-C" + (f", or wait {seconds:.0f} s" if seconds else ""))
    say("")


def _killable(name: str | None) -> str | None:
    if name is not None and name not in KILLABLE:
        raise UsageError(f"There is no process {name} to kill.", f"Names: {', '.join(KILLABLE)}.")
    return name


def _seconds(text: str) -> float:
    try:
        return float(text.removesuffix("s"))
    except ValueError as error:
        raise UsageError(f"--at takes seconds such as 20s, not {text}.") from error
