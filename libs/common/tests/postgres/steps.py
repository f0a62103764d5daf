"""Steps of a loop for the tests of its ledger."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from common.streaming.ports import (
    Advance,
    OutboxRow,
    Outgoing,
    Place,
    Position,
    Standing,
    TimerChange,
)

NOON = datetime(2026, 1, 1, 12, 0, 0, 123456, tzinfo=UTC)
ANNA, BERT = UUID(int=1), UUID(int=2)
INPUT = Place("profile.activity", 0)


async def owned(store: Any, loop: str = "test.loop", partition: int = 0) -> tuple[Any, Standing]:
    ledger = store.ledger(loop)
    return ledger, (await ledger.take_over([partition]))[partition]


def advance(
    partition: int = 0,
    old: Position | None = None,
    next_offset: int = 1,
    rows: list[OutboxRow] | None = None,
) -> Advance:
    return Advance(
        partition=partition,
        positions={Place("profile.activity", partition): (old, Position(next_offset, NOON))},
        seen={(Place("profile.activity", partition), "ingest.resolve/0/x"): next_offset},
        drawn={"decisions": [0, next_offset]},
        outbox=rows or [],
    )


def outbox_row(ordinal: int, value: bytes | None = b"v", batch: int = 1) -> OutboxRow:
    record = Outgoing(b"key", value, {"sequence": b"7", "binary": b"\x00\xff"})
    return OutboxRow(0, batch, ordinal, Place("decisions", 1), record)


def timer(
    profile: UUID = ANNA, name: str = "wait", due_at: datetime | None = NOON, partition: int = 0
) -> TimerChange:
    return TimerChange(partition, "default", profile, name, due_at, BERT, "00-trace")
