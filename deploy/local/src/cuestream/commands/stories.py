"""Prints what happened to a profile, as sentences with their times."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Annotated, Any

import typer
from rich.text import Text

from cuestream.console import OUT, say

Workspace = Annotated[
    str | None, typer.Option("--workspace", metavar="W", help="Default: whichever knows it.")
]

TONES = {"good": "green", "wait": "yellow", "no": "magenta", "bad": "red", "plain": ""}
_SIGNS = {"good": "✓", "wait": "…", "no": "✕", "bad": "!", "plain": "·"}


def instant(text: str) -> datetime:
    """An instant of the api."""
    return datetime.fromisoformat(text)


def clock(at: datetime) -> str:
    """The time of day here, to the millisecond."""
    return f"{at.astimezone():%H:%M:%S}.{at.microsecond // 1000:03d}"


def day(at: datetime) -> str:
    return f"{at.astimezone():%A, %d %B %Y}"


def print_entries(entries: Sequence[Mapping[str, Any]], *, since: datetime | None = None) -> None:
    """One line an entry; with `since`, the time that passed since then beside it."""
    shown = ""
    for entry in entries:
        at = instant(entry["at"])
        if since is None and day(at) != shown:
            shown = day(at)
            OUT.print(Text(shown, style="dim"))
        OUT.print(_line(entry, at, since))


def _line(entry: Mapping[str, Any], at: datetime, since: datetime | None) -> Text:
    tone = entry["tone"]
    line = Text(f"  {clock(at)}  ", style="dim")
    if since is not None:
        line.append(f"{_passed(at - since):>10}  ", style="dim")
    line.append(f"{_SIGNS[tone]} {entry['text']}", style=f"not dim {TONES[tone]}".strip())
    if entry["due_at"] is not None and tone == "wait":
        line.append(f", until {clock(instant(entry['due_at']))[:8]}", style="not dim")
    return line.append(f"  {entry['type'].removesuffix('.v1')}", style="dim")


def _passed(span: timedelta) -> str:
    seconds = span.total_seconds()
    return f"{seconds:+.3f} s" if abs(seconds) < 600 else f"{seconds / 60:+.0f} min"


def warn_if_incomplete(told: Mapping[str, Any]) -> None:
    """A look that was cut short must not pass for the whole story."""
    if not told["complete"]:
        say("This is only a part: the log is too long to be read whole in time.")
