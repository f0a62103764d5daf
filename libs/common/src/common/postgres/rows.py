"""Turns the runtime's values into columns for `unnest`, and rows into the runtime's values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from common.streaming.ports import (
    Advance,
    OutboxRow,
    Outgoing,
    Place,
    Position,
    Standing,
    TimerChange,
)

Row = Mapping[str, Any]
Columns = list[list[Any]]

_headers = msgspec.msgpack.Decoder(dict[str, bytes])
_pack = msgspec.msgpack.Encoder().encode


def standings_of(
    owned: Sequence[Row],
    *,
    positions: Sequence[Row],
    seen: Sequence[Row],
    drawn: Sequence[Row],
    outbox: Sequence[Row],
    due: Sequence[Row],
) -> dict[int, Standing]:
    """Put together what the tables say of each partition."""
    standings = {
        row["partition"]: Standing(row["partition"], row["epoch"], row["batch"]) for row in owned
    }
    for row in positions:
        place = Place(row["topic"], row["partition"])
        standings[row["owner"]].positions[place] = Position(row["next_offset"], row["appended_at"])
    for row in seen:
        place = Place(row["topic"], row["partition"])
        standings[row["owner"]].seen[place, row["origin"]] = row["last"]
    for row in drawn:
        standings[row["owner"]].drawn[row["topic"]] = row["counters"]
    for row in outbox:
        standings[row["owner"]].outbox.append(_outbox_row(row))
    for row in due:
        standings[row["partition"]].next_due = row["due_at"]
    return standings


def _outbox_row(row: Row) -> OutboxRow:
    return OutboxRow(
        partition=row["owner"],
        batch=row["batch"],
        ordinal=row["ordinal"],
        target=Place(row["topic"], row["partition"]),
        record=Outgoing(row["key"], row["value"], _headers.decode(row["headers"])),
    )


def advance_arguments(advances: Sequence[Advance]) -> Columns:
    """The arrays of the `ADVANCE` statement, in its order."""
    moved: list[tuple[object, ...]] = []
    begun: list[tuple[object, ...]] = []
    for advance in advances:
        for place, (old, new) in advance.positions.items():
            head = (advance.partition, place.topic, place.partition)
            if old is None:
                begun.append((*head, new.next_offset, new.appended_at))
            else:
                moved.append((*head, old.next_offset, new.next_offset, new.appended_at))
    return [
        *_columns(moved, 6),
        *_columns(begun, 5),
        *_columns([row for advance in advances for row in _seen_rows(advance)], 5),
        *_columns([row for advance in advances for row in _drawn_rows(advance)], 3),
        *_columns([row for advance in advances for row in _outbox_rows(advance)], 8),
    ]


def _seen_rows(advance: Advance) -> list[tuple[object, ...]]:
    return [
        (advance.partition, place.topic, place.partition, origin, last)
        for (place, origin), last in advance.seen.items()
    ]


def _drawn_rows(advance: Advance) -> list[tuple[object, ...]]:
    # As array literals: `unnest` would flatten an array of arrays.
    return [
        (advance.partition, topic, "{" + ",".join(map(str, counters)) + "}")
        for topic, counters in advance.drawn.items()
    ]


def _outbox_rows(advance: Advance) -> list[tuple[object, ...]]:
    return [
        (
            row.partition,
            row.batch,
            row.ordinal,
            row.target.topic,
            row.target.partition,
            row.record.key,
            row.record.value,
            _pack(dict(row.record.headers)),
        )
        for row in advance.outbox
    ]


def change_arguments(changes: Sequence[TimerChange]) -> Columns:
    """The arrays of the `CHANGE_TIMERS` statement, in its order: first the cancelled, then the set."""
    last = {(change.partition, change.profile_id, change.name): change for change in changes}
    cancelled = [key for key, change in last.items() if change.due_at is None]
    due: list[tuple[object, ...]] = [
        (*key, change.workspace, change.due_at, change.correlation, change.traceparent)
        for key, change in last.items()
        if change.due_at is not None
    ]
    return [*_columns(cancelled, 3), *_columns(due, 7)]


def _columns(rows: Sequence[tuple[Any, ...]], width: int) -> Columns:
    if not rows:
        return [[] for _ in range(width)]
    return [list(column) for column in zip(*rows, strict=True)]
