"""Owners one after the other: whoever lost a partition changes nothing in it, and nobody waits for one who is gone."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from common.errors import TransientError
from common.streaming.ports import (
    FencedError,
    Position,
    Standing,
)
from libs.common.tests.postgres.steps import INPUT, NOON, advance, owned


async def test_whoever_lost_a_partition_cannot_reload_it(store: Any) -> None:
    ledger, standing = await owned(store)
    await owned(store)

    with pytest.raises(FencedError):
        await ledger.reload([standing])


async def test_two_that_take_over_at_once_hold_different_epochs(store: Any) -> None:
    one, two = store.ledger("test.loop"), store.ledger("test.loop")
    taken = await asyncio.gather(*(ledger.take_over([0]) for ledger in (one, two, one, two)))

    assert len({standings[0].epoch for standings in taken}) == 4


async def test_the_epoch_of_a_new_owner_fences_the_old_one(store: Any) -> None:
    old, standing = await owned(store)
    await owned(store)

    with pytest.raises(FencedError) as fenced:
        async with old.transaction() as tx:
            await old.fence(tx, [standing])
    with pytest.raises(FencedError):
        await old.check([standing])

    assert fenced.value.partitions == {0}


async def test_only_the_lost_partitions_are_named(store: Any) -> None:
    ledger = store.ledger("test.loop")
    standings = await ledger.take_over([0, 1, 2])
    await store.ledger("test.loop").take_over([1])

    with pytest.raises(FencedError) as fenced:
        async with ledger.transaction() as tx:
            await ledger.fence(tx, standings.values())

    assert fenced.value.partitions == {1}


async def test_a_fence_is_passed_again_after_the_caller_raised_the_batch(store: Any) -> None:
    ledger, standing = await owned(store)
    for _ in range(2):
        async with ledger.transaction() as tx:
            await ledger.fence(tx, [standing])
        standing.batch += 1

    await ledger.check([standing])
    assert (await owned(store))[1].batch == 2


async def test_a_stopped_owner_does_not_hold_up_the_new_one(store: Any) -> None:
    old, standing = await owned(store)
    taken: list[Standing] = []

    async def stop_and_come_back() -> None:
        async with old.transaction() as tx:
            await old.fence(tx, [standing])
            async with asyncio.timeout(10):
                taken.append((await owned(store))[1])
            await old.advance(tx, [advance()])

    with pytest.raises(TransientError):  # its connection was ended
        await stop_and_come_back()

    assert taken == [Standing(partition=0, epoch=2, batch=0)]
    await store.ledger("test.loop").check(taken)


async def test_a_takeover_waits_for_a_transaction_that_is_about_to_end(store: Any) -> None:
    old, standing = await owned(store)
    new = store.ledger("test.loop", patience=10)
    async with old.transaction() as tx:
        await old.fence(tx, [standing])
        waiting = asyncio.create_task(new.take_over([0]))
        await old.advance(tx, [advance()])

    taken = (await waiting)[0]

    assert (taken.batch, taken.positions) == (1, {INPUT: Position(1, NOON)})
