"""Prints where the loops stand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from rich.table import Table
from rich.text import Text

from common.clock import EPOCH
from common.streaming.oversight import Holding
from common.streaming.ports import Bounds, Place
from cuestream.commands.positions.accepting import Row, rows
from cuestream.commands.stories import clock
from cuestream.console import OUT, print_table, say
from cuestream.reaching.processes import Told

_TITLES = (
    *("loop", "partition", "epoch", "topic", "next", "appended", "log", "lag"),
    *("virtual time", "outbox", "timer"),
)
_RIGHT = {"partition", "epoch", "next", "log", "lag", "outbox"}


def plain(held: Sequence[Holding], bounds: Mapping[Place, Bounds], told: Told) -> Mapping[str, Any]:
    """For programs."""
    return {
        "partitions": [
            {
                "loop": holding.loop,
                "partition": holding.partition,
                "epoch": holding.epoch,
                "batch": holding.batch,
                "owner": told.owners.get(_key(holding)),
                "free": holding.free,
                "outbox": holding.outbox,
                "next_due_at": holding.next_due,
                "virtual_time": _virtual(holding, told),
                "alarm": told.alarms.get(_key(holding)),
                "positions": [_plain_row(row) for row in rows([holding], bounds)],
            }
            for holding in held
        ],
        "silent": told.silent,
    }


def _plain_row(row: Row) -> Mapping[str, Any]:
    return {
        "topic": row.place.topic,
        "next_offset": row.position.next_offset,
        "appended_at": row.position.appended_at,
        "begin": None if row.bounds is None else row.bounds.begin,
        "end": None if row.bounds is None else row.bounds.end,
        "lag": row.lag,
    }


def tell(held: Sequence[Holding], bounds: Mapping[Place, Bounds], told: Told) -> None:
    """One line for each topic of each partition, then the alarms."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for title in _TITLES:
        table.add_column(title, justify="right" if title in _RIGHT else "left")
    for holding in held:
        lines = [_line(row) for row in rows([holding], bounds)] or [("–", "", "", "", "")]
        for number, line in enumerate(lines):
            head, tail = _ends(holding, told) if number == 0 else (("", "", ""), ("", "", ""))
            style = "red" if _key(holding) in told.alarms else ""
            table.add_row(*(Text(cell, style=style) for cell in (*head, *line, *tail)))
    print_table(table)
    for (loop, partition), why in sorted(told.alarms.items()):
        OUT.print(Text(f"{loop} partition {partition} stands still: {why}.", style="bold red"))
    if told.alarms:
        say("What to do is in docs/operations.md; `cuestream positions accept` goes on.")
    if told.silent:
        say(f"No answer, so no alarms and no virtual time: {', '.join(told.silent)}.")


def _ends(holding: Holding, told: Told) -> tuple[tuple[str, str, str], tuple[str, str, str]]:
    epoch = f"{holding.epoch}{' (free)' if holding.free else ''}"
    at = _virtual(holding, told)
    due = holding.next_due
    return (holding.loop, str(holding.partition), epoch), (
        "" if at is None else clock(at)[:8],
        str(holding.outbox),
        "" if due is None else clock(due)[:8],
    )


def _line(row: Row) -> tuple[str, str, str, str, str]:
    at, bounds = row.position.appended_at, row.bounds
    return (
        row.place.topic,
        str(row.position.next_offset),
        "" if at is None else clock(at)[:8],
        "?" if bounds is None else f"{bounds.begin}–{bounds.end}",
        "?" if row.lag is None else str(row.lag),
    )


def _virtual(holding: Holding, told: Told) -> datetime | None:
    seconds = told.virtual_times.get(_key(holding))
    return None if seconds is None else EPOCH + timedelta(seconds=seconds)


def _key(holding: Holding) -> tuple[str, int]:
    return holding.loop, holding.partition
