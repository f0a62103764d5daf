"""`cuestream import`: what happened before us, and what other systems know: events, consents, suppressions, products."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Annotated

import httpx
import msgspec
import typer
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from common.settings import load_settings
from cuestream.commands.options import Data, Json, layout_of
from cuestream.console import ERR, print_json, say
from cuestream.failures import FindingError, UsageError
from cuestream.importing.kinds import KINDS, Reading, reading_of
from cuestream.importing.memory import Memory, digest_of
from cuestream.importing.running import Tally, bring_in, items, look
from cuestream.importing.sending import Door, Sender
from cuestream.reaching.installation import Installation, find_installation
from cuestream.settings import InstallationSettings

_SHOWN = 20
_SECONDS = 30.0
What = Annotated[
    list[str],
    typer.Argument(
        metavar=f"[{'|'.join(KINDS)}] FILE",
        help="Events (the default) from .jsonl or .csv; the catalog also from .json or .xml; the others from .csv.",
    ),
]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("import")(import_file)


@dataclass(frozen=True, slots=True)
class _Order:
    """What is asked for."""

    kind: str
    file: Path
    reading: Reading
    workspace: str
    again: bool
    quiet: bool
    """Programs read the output: no bar."""


def import_file(
    what: What,
    *,
    workspace: Annotated[str, typer.Option(metavar="W", help="Whose history it is.")] = "default",
    key: Annotated[
        str | None,
        typer.Option(metavar="KEY", help="A server's write key; default: CUESTREAM_WRITE_KEY."),
    ] = None,
    column: Annotated[
        list[str] | None,
        typer.Option(metavar="OURS=THEIRS", help="A table's column under another name."),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say what would happen; nothing is sent.")
    ] = False,
    again: Annotated[
        bool, typer.Option("--again", help="Begin with the first line, whatever is remembered.")
    ] = False,
    data: Data = None,
    json: Json = False,
) -> None:
    """Bring in a file, each line once; what was interrupted goes on. Exit code 1: some lines were left out."""
    kind, file = _named(what)
    reading = reading_of(kind, file, _renamed(column or []))
    order = _Order(kind, file, reading, workspace, again, json)
    with _opened(file) as opened:
        tally, before = (
            (_looked(order, opened), 0)
            if dry_run
            else asyncio.run(_brought_in(order, opened, key, data))
        )
    _tell(order, tally, before, dry_run=dry_run)


def _named(what: Sequence[str]) -> tuple[str, Path]:
    *kinds, name = what
    if len(kinds) > 1 or (kinds and kinds[0] not in KINDS):
        raise UsageError(
            f"What {' '.join(kinds)} is, is not known.",
            f"Say one of {', '.join(KINDS)}, then FILE.",
        )
    return (kinds[0] if kinds else "events"), Path(name)


def _renamed(columns: Sequence[str]) -> dict[str, str]:
    found = {}
    for each in columns:
        ours, _, theirs = each.partition("=")
        if not ours or not theirs:
            raise UsageError(f"It has to be OURS=THEIRS, not {each}.")
        found[theirs] = ours
    return found


@contextmanager
def _opened(file: Path) -> Iterator[IO[bytes]]:
    try:
        opened = file.open("rb")
    except OSError as error:
        raise UsageError(f"{file} cannot be read ({error.strerror}).") from error
    with opened:
        yield opened


def _looked(order: _Order, file: IO[bytes]) -> Tally:
    with _bar(order, file) as moved:
        return look(items(order.reading.rows(file), order.reading.meaning, "line"), moved)


async def _brought_in(
    order: _Order, file: IO[bytes], key: str | None, data: Path | None
) -> tuple[Tally, int]:
    """What became of the lines, and up to which one they were settled before."""
    digest = digest_of(file)
    installation = find_installation(data)
    url, token, door = _door(order, installation, key)
    memory = Memory(
        layout_of(data).root / "imports",
        digest=digest,
        kind=order.kind,
        workspace=order.workspace,
        target=url,
    )
    settled = memory.read(order.file)
    if order.again:
        settled = msgspec.structs.replace(settled, line=0, accepted=0, left_out=0, done=False)
    if settled.done:
        return Tally(), settled.line
    prefix = "" if order.kind == "suppressions" else f"{order.kind}-{digest[:32]}"
    found = items(order.reading.rows(file), order.reading.meaning, prefix, after=settled.line)
    async with httpx.AsyncClient(
        base_url=url,
        headers={"Authorization": f"Bearer {token}"},
        timeout=_SECONDS,
        trust_env=False,  # a proxy for the web is none for our own services
    ) as client:
        with _bar(order, file) as moved:
            return await bring_in(
                found, Sender(client, door), settled, memory.write, moved
            ), settled.line


def _door(order: _Order, installation: Installation, key: str | None) -> tuple[str, str, Door]:
    """Address, key and way in."""
    if order.kind == "suppressions":
        more = {"workspace": order.workspace}
        door = Door("/v1/suppressions", "suppressions", more, "Set CUESTREAM_ADMIN_KEY.")
        return installation.url("dispatcher"), installation.admin_key or "", door
    told = load_settings(InstallationSettings).write_key
    token = (
        key
        or (told.get_secret_value() if told else None)
        or installation.write_key(order.workspace)
    )
    door = Door(
        "/v1/import", "batch", {}, "Name a server's write key with --key or CUESTREAM_WRITE_KEY."
    )
    return installation.url("ingest"), token, door


@contextmanager
def _bar(order: _Order, file: IO[bytes]) -> Iterator[Callable[[Tally], None]]:
    """Shows how much of the file is done, where somebody watches."""
    size = order.file.stat().st_size
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f}%"),
        TextColumn("{task.fields[told]}"),
        TimeRemainingColumn(),
    )
    with Progress(
        *columns, console=ERR, disable=order.quiet or not sys.stderr.isatty(), transient=True
    ) as progress:
        task = progress.add_task(order.file.name, total=max(size, 1), told="")

        def moved(tally: Tally) -> None:
            progress.update(task, completed=file.tell(), told=f"{tally.lines:,} lines")

        yield moved


def _tell(order: _Order, tally: Tally, before: int, *, dry_run: bool) -> None:
    if order.quiet:
        print_json(
            msgspec.json.encode(
                {
                    "file": str(order.file),
                    "kind": order.kind,
                    "dry_run": dry_run,
                    "settled_before": before,
                    "lines": tally.lines,
                    "accepted": tally.accepted,
                    "left_out": tally.left_out,
                    "by_name": dict(tally.by_name),
                    "reasons": dict(tally.reasons),
                    "bad": tally.bad,
                }
            )
        )
    else:
        _say(tally, before, dry_run=dry_run)
    if tally.left_out:
        told = [f"line {bad.line}: {bad.reason}, {bad.detail}" for bad in tally.bad[:_SHOWN]]
        more = tally.left_out - len(told)
        raise FindingError(
            f"{_count(tally.left_out, 'line')} left out.",
            *told,
            *([f"and {more:,} more"] if more else []),
        )


def _say(tally: Tally, before: int, *, dry_run: bool) -> None:
    if before and not tally.lines:
        say(
            f"Nothing to do: the file is imported up to its end, line {before:,}. To send it again, say --again."
        )
        return
    if before:
        say(f"Went on after line {before:,}.")
    done = "would be sent" if dry_run else "taken"
    say(f"{_count(tally.lines, 'line')}: {_count(tally.accepted, 'message')} {done}.")
    for name, count in tally.by_name.most_common(_SHOWN):
        say(f"  {count:>9,}  {name}")


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}" if number == 1 else f"{number:,} {what}s"
