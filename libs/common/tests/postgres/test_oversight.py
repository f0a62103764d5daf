"""What an operator may rely on, asked of the rows in memory and of the real ones."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from common.errors import PermanentError
from common.streaming.oversight import Acceptance, Holding
from common.streaming.ports import (
    Advance,
    FencedError,
    OutboxRow,
    Outgoing,
    Place,
    Position,
    Standing,
    TimerChange,
)

NOON = datetime(2026, 1, 1, 12, 0, 0, 123456, tzinfo=UTC)
INPUT = Place("profile.activity", 0)
READ = Position(7, NOON)


async def read_by(store: Any, loop: str = "test.loop") -> tuple[Any, Standing]:
    """A partition whose owner read seven records, left a row and set a timer."""
    ledger = store.ledger(loop)
    standing: Standing = (await ledger.take_over([0]))[0]
    row = OutboxRow(0, 1, 0, Place("decisions", 1), Outgoing(b"k", b"v"))
    timer = TimerChange(0, "shop", UUID(int=1), "wait", NOON, UUID(int=2))
    async with ledger.transaction() as tx:
        await ledger.fence(tx, [standing])
        await ledger.change_timers(tx, [timer])
        await ledger.advance(
            tx, [Advance(0, {INPUT: (None, READ)}, {(INPUT, "resolve/0/x"): 4}, {}, [row])]
        )
    standing.batch += 1
    return ledger, standing


def accepting(old: int = 7) -> Acceptance:
    return Acceptance(0, INPUT, Position(old, None), Position(90, None), {"@begin": 90, "new": 3})


async def test_the_rows_tell_how_a_partition_stands(store: Any) -> None:
    await read_by(store)

    [holding] = await store.oversight.holdings()

    assert holding == Holding(
        "test.loop",
        0,
        epoch=1,
        batch=1,
        free=False,
        positions={INPUT: READ},
        outbox=1,
        next_due=NOON,
    )


async def test_what_is_accepted_is_where_the_next_owner_reads_on(store: Any) -> None:
    ledger, _ = await read_by(store)

    epoch = await store.oversight.accept("test.loop", accepting())
    standing = (await ledger.take_over([0]))[0]

    assert (epoch, standing.epoch) == (2, 3)
    assert standing.positions == {INPUT: Position(90, None)}
    assert standing.seen == {(INPUT, "resolve/0/x"): 4, (INPUT, "@begin"): 90, (INPUT, "new"): 3}


async def test_accepting_fences_the_owner_and_tells_it_so(store: Any) -> None:
    ledger, standing = await read_by(store)
    before = list(await ledger.released([0]))

    await store.oversight.accept("test.loop", accepting())

    assert before == []
    assert list(await ledger.released([0])) == [0]
    assert (await store.oversight.holdings())[0].free
    with pytest.raises(FencedError):
        await ledger.check([standing])
    await ledger.take_over([0])
    assert list(await ledger.released([0])) == []


async def test_nothing_is_accepted_where_somebody_read_on(store: Any) -> None:
    ledger, standing = await read_by(store)

    with pytest.raises(PermanentError, match="position_moved"):
        await store.oversight.accept("test.loop", accepting(old=6))

    await ledger.check([standing])
    assert await store.oversight.seen("test.loop", 0, INPUT) == {"resolve/0/x": 4}


async def test_timers_that_may_fire_and_have_not_are_counted(store: Any) -> None:
    ledger, _ = await read_by(store)

    due = await ledger.measure({0: NOON + timedelta(seconds=1)})
    early = await ledger.measure({0: NOON})

    assert (due.held, early.held) == ({0: 1}, {0: 0})
    assert due.oldest_transaction >= 0
