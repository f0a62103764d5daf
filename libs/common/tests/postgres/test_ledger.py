"""What the runtime may rely on, asked of the fake ledger and of the real one."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from common.streaming.ports import (
    FencedError,
    Place,
    Position,
    Standing,
)
from libs.common.tests.postgres.steps import (
    ANNA,
    BERT,
    INPUT,
    NOON,
    advance,
    outbox_row,
    owned,
    timer,
)


async def test_a_partition_without_history_begins_empty(store: Any) -> None:
    _, standing = await owned(store)

    assert standing == Standing(partition=0, epoch=1, batch=0)


async def test_after_a_commit_in_doubt_the_same_owner_finds_what_happened(store: Any) -> None:
    ledger, standing = await owned(store)
    async with ledger.transaction() as tx:
        await ledger.fence(tx, [standing])
        await ledger.advance(tx, [advance(rows=[outbox_row(0)])])

    fresh = (await ledger.reload([standing]))[0]  # the standing in memory knows nothing of it

    assert (fresh.epoch, fresh.batch, fresh.positions[INPUT].next_offset) == (1, 1, 1)
    assert fresh.outbox == [outbox_row(0)]


async def test_a_new_owner_finds_what_the_last_one_committed(store: Any) -> None:
    ledger, standing = await owned(store)
    rows = [outbox_row(1), outbox_row(0), outbox_row(2, value=None)]
    async with ledger.transaction() as tx:
        await ledger.fence(tx, [standing])
        await ledger.change_timers(tx, [timer()])
        await ledger.advance(tx, [advance(rows=rows)])

    _, after = await owned(store)

    assert after == Standing(
        partition=0,
        epoch=2,
        batch=1,
        positions={INPUT: Position(1, NOON)},
        seen={(INPUT, "ingest.resolve/0/x"): 1},
        drawn={"decisions": [0, 1]},
        outbox=[rows[1], rows[0], rows[2]],
        next_due=NOON,
    )


async def test_a_rollback_leaves_everything_as_it_was(store: Any) -> None:
    ledger, standing = await owned(store)

    async def fail() -> None:
        async with ledger.transaction() as tx:
            await ledger.fence(tx, [standing])
            await ledger.change_timers(tx, [timer()])
            await ledger.advance(tx, [advance(rows=[outbox_row(0)])])
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()
    await ledger.check([standing])
    assert (await owned(store))[1] == Standing(partition=0, epoch=2, batch=0)


async def test_a_position_moves_only_from_where_it_stands(store: Any) -> None:
    ledger, _ = await owned(store)
    first, second = Position(1, NOON), Position(2, NOON)
    async with ledger.transaction() as tx:
        await ledger.advance(tx, [advance(next_offset=1)])
    async with ledger.transaction() as tx:
        await ledger.advance(tx, [advance(old=first, next_offset=2)])

    for wrong in (None, first, Position(3, NOON)):
        with pytest.raises(FencedError) as fenced:
            async with ledger.transaction() as tx:
                await ledger.advance(tx, [advance(old=wrong, next_offset=9)])
        assert fenced.value.partitions == {0}
    assert (await owned(store))[1].positions == {INPUT: second}


async def test_partitions_advance_together(store: Any) -> None:
    ledger = store.ledger("test.loop")
    standings = await ledger.take_over([0, 1])
    async with ledger.transaction() as tx:
        await ledger.fence(tx, standings.values())
        await ledger.advance(tx, [advance(0, next_offset=5), advance(1, next_offset=6)])

    after = await ledger.take_over([0, 1])

    assert after[0].positions == {Place("profile.activity", 0): Position(5, NOON)}
    assert after[1].positions == {Place("profile.activity", 1): Position(6, NOON)}


async def test_published_rows_and_only_they_are_gone(store: Any) -> None:
    ledger, _ = await owned(store)
    rows = [outbox_row(0), outbox_row(1), outbox_row(0, batch=2)]
    async with ledger.transaction() as tx:
        await ledger.advance(tx, [advance(rows=rows)])

    await ledger.published([rows[0]])
    await ledger.published([rows[0]])
    await ledger.published([])

    assert (await owned(store))[1].outbox == rows[1:]


async def test_a_batch_takes_along_what_was_published_before_it(store: Any) -> None:
    ledger, _ = await owned(store)
    rows = [outbox_row(0), outbox_row(1), outbox_row(0, batch=2)]
    async with ledger.transaction() as tx:
        await ledger.advance(tx, [advance(rows=rows[:2])])

    with suppress(ZeroDivisionError):
        async with ledger.transaction() as tx:
            await ledger.advance(tx, [], rows[:1])
            raise ZeroDivisionError
    assert (await owned(store))[1].outbox == rows[:2]

    async with ledger.transaction() as tx:
        on = advance(old=Position(1, NOON), next_offset=2, rows=rows[2:])
        await ledger.advance(tx, [on], rows[:1])
    assert (await owned(store))[1].outbox == rows[1:]


async def test_timers_are_taken_once_earliest_first(store: Any) -> None:
    ledger, _ = await owned(store)
    late = NOON + timedelta(seconds=2)
    async with ledger.transaction() as tx:
        await ledger.change_timers(
            tx,
            [
                timer(BERT, "b", NOON + timedelta(seconds=1)),
                timer(ANNA, "a", NOON),
                timer(ANNA, "late", late),
                timer(BERT, "other partition", NOON, partition=1),
            ],
        )

    async with ledger.transaction() as tx:
        first = await ledger.take_timers(tx, {0: late}, limit=1)
    async with ledger.transaction() as tx:
        rest = await ledger.take_timers(tx, {0: late}, limit=10)
        none = await ledger.take_timers(tx, {0: late}, limit=10)
        due = await ledger.next_due(tx, [0, 1, 2])

    assert [(t.profile_id, t.name, t.due_at) for t in first] == [(ANNA, "a", NOON)]
    assert [t.name for t in rest] == ["b"]
    assert list(none) == []
    assert due == {0: late, 1: NOON}
    assert first[0].correlation == BERT
    assert (first[0].traceparent, first[0].workspace) == ("00-trace", "default")


async def test_the_limit_on_timers_spans_partitions(store: Any) -> None:
    ledger = store.ledger("test.loop")
    async with ledger.transaction() as tx:
        changes = [timer(UUID(int=n), "wait", NOON + timedelta(seconds=n), n % 2) for n in range(6)]
        await ledger.change_timers(tx, changes)
        end = NOON + timedelta(minutes=1)
        taken = await ledger.take_timers(tx, {0: end, 1: end}, limit=4)

    assert [t.profile_id.int for t in taken] == [0, 1, 2, 3]


async def test_a_timer_is_moved_by_its_name_and_cancelled_by_none(store: Any) -> None:
    ledger, _ = await owned(store)
    later = NOON + timedelta(hours=1)
    async with ledger.transaction() as tx:
        await ledger.change_timers(tx, [timer(ANNA), timer(BERT)])
    async with ledger.transaction() as tx:
        await ledger.change_timers(
            tx, [timer(ANNA, due_at=None), timer(ANNA, due_at=later), timer(BERT, due_at=None)]
        )
        assert await ledger.next_due(tx, [0]) == {0: later}
        await ledger.change_timers(tx, [timer(ANNA), timer(ANNA, due_at=None)])
        assert await ledger.next_due(tx, [0]) == {}


async def test_loops_do_not_see_each_other(store: Any) -> None:
    ledger, standing = await owned(store, "one")
    async with ledger.transaction() as tx:
        await ledger.fence(tx, [standing])
        await ledger.change_timers(tx, [timer()])
        await ledger.advance(tx, [advance(rows=[outbox_row(0)])])

    _, other = await owned(store, "two")

    assert other == Standing(partition=0, epoch=1, batch=0)


async def test_the_incarnation_is_the_databases(store: Any) -> None:
    one, two = store.ledger("one"), store.ledger("two")

    assert await one.incarnation() == await two.incarnation()
    assert (await one.live_since()).tzinfo is not None
