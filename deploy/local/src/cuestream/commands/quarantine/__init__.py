"""`cuestream quarantine`: what was set aside, why, and what is to become of it."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from functools import partial
from getpass import getuser
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from common.clock import utc_now
from cuestream.commands.options import Data, Json
from cuestream.commands.quarantine import retrying
from cuestream.commands.quarantine.asking import Done, Make, Quarantines, append, named, read
from cuestream.commands.quarantine.items import Item, Wish
from cuestream.commands.quarantine.telling import (
    plain,
    plain_groups,
    tell_groups,
    tell_one,
    tell_rows,
)
from cuestream.console import print_json, say
from cuestream.failures import FindingError, UsageError
from cuestream.reaching.installation import find_installation
from cuestream.reaching.log import open_log

Service = Annotated[str | None, typer.Option(metavar="S", help="Only what this service set aside.")]
Reason = Annotated[str | None, typer.Option(metavar="R", help="Only with this reason.")]
Topic = Annotated[str | None, typer.Option(metavar="T", help="Only what came from this topic.")]
Ids = Annotated[list[str] | None, typer.Argument(metavar="[ID]…", help="As `list` shows them.")]
Every = Annotated[bool, typer.Option("--all", help="All that the filters leave.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    quarantine = typer.Typer(help="What could not be folded, and why.", no_args_is_help=True)
    quarantine.command("list")(show_all)
    quarantine.command()(show)
    quarantine.command()(retry)
    quarantine.command()(discard)
    app.add_typer(quarantine, name="quarantine")


def show_all(
    *,
    service: Service = None,
    reason: Reason = None,
    topic: Topic = None,
    settled: Annotated[
        bool, typer.Option("--settled", help="Also what was retried or discarded.")
    ] = False,
    rows: Annotated[int, typer.Option(min=0, help="How many of the newest to list.")] = 50,
    data: Data = None,
    json: Json = False,
) -> None:
    """Count what waits for somebody, by cause, and list the newest; nothing of the records themselves."""
    found = asyncio.run(_read(data))
    wish = Wish(service, reason, topic, settled)
    items = [item for item in found.items if wish.takes(item)]
    newest = items[-rows:] if rows else []
    if json:
        told = {
            "complete": found.complete,
            "count": len(items),
            "groups": plain_groups(items),
            "items": [plain(item) for item in newest],
        }
        print_json(msgspec.json.encode(told))
        return
    if not items:
        say("Nothing lies in the quarantines that waits for somebody.")
    else:
        tell_groups(items)
        say("")
        tell_rows(newest)
    if not found.complete:
        say("This is only a part: the log is too long to be read whole in time.")


def show(
    id_: Annotated[str, typer.Argument(metavar="ID", help="As `list` shows it.")],
    *,
    record: Annotated[
        bool, typer.Option("--record", help="Print the record; it may hold personal data.")
    ] = False,
    data: Data = None,
    json: Json = False,
) -> None:
    """Tell all that is known of one item: what its cause means, and what to do."""
    item = named(asyncio.run(_read(data)), id_)
    if json:
        print_json(msgspec.json.encode(plain(item, body=record)))
    else:
        tell_one(item, body=record)


def retry(
    ids: Ids = None,
    *,
    every: Every = False,
    service: Service = None,
    reason: Reason = None,
    topic: Topic = None,
    yes: Yes = False,
    data: Data = None,
    json: Json = False,
) -> None:
    """Have it folded after all, once, in any order, at the time of this command. Exit code 1: some cannot be."""
    make = partial(retrying.retry, by=_me(), now=utc_now())
    wish = Wish(service, reason, topic)
    done = asyncio.run(_settle("retry", ids or [], wish, make, every=every, yes=yes, data=data))
    _tell("retried", done, json=json)


def discard(
    ids: Ids = None,
    *,
    every: Every = False,
    service: Service = None,
    reason: Reason = None,
    topic: Topic = None,
    yes: Yes = False,
    data: Data = None,
    json: Json = False,
) -> None:
    """Say that it needs no more attention; nothing is folded and nothing is deleted."""

    def make(item: Item, _original: object) -> retrying.Command:
        return retrying.discard(item, by=_me(), now=utc_now())

    wish = Wish(service, reason, topic)
    done = asyncio.run(_settle("discard", ids or [], wish, make, every=every, yes=yes, data=data))
    _tell("discarded", done, json=json)


async def _read(data: Path | None) -> Quarantines:
    async with open_log(find_installation(data)) as log:
        return await read(log)


async def _settle(
    what: str,
    ids: Sequence[str],
    wish: Wish,
    make: Make,
    *,
    every: bool,
    yes: bool,
    data: Path | None,
) -> Done:
    if every == bool(ids):
        raise UsageError(f"Say what to {what}.", "Name IDs, or say --all, with filters or without.")
    async with open_log(find_installation(data)) as log:
        found = await read(log)
        items = [item for item in found.items if wish.takes(item)]
        if ids:
            items = list({item.spot: item for item in (named(found, one) for one in ids)}.values())
        if every and items and not yes:
            _confirm(what, items)
        return await append(log, items, make)


def _me() -> str:
    """Who says it, for those who read it later; a container may have nobody."""
    try:
        return getuser()
    except (KeyError, OSError):
        return ""


def _confirm(what: str, items: Sequence[Item]) -> None:
    if not sys.stdin.isatty():
        raise UsageError("Nobody can be asked here.", f"Say --yes to {what} {len(items)}.")
    tell_groups(items)
    if not typer.confirm(f"{what.capitalize()} these {len(items)}?"):
        raise typer.Exit


def _tell(word: str, done: Done, *, json: bool) -> None:
    if json:
        told = {
            word: [item.spot.text for item in done.appended],
            "refused": [{"id": item.spot.text, "why": why} for item, why in done.refused],
        }
        print_json(msgspec.json.encode(told))
    else:
        say(f"{len(done.appended)} {word}.")
    if done.refused:
        told_why = [f"{item.spot.text}: {why}." for item, why in done.refused]
        raise FindingError(f"{len(done.refused)} cannot be {word}.", *told_why)
