"""Whoever locks addresses, halts and recipients does so in one order: nobody ever waits for who waits for them."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable

import pytest

from common.clock import utc_now
from common.postgres import Database
from dispatcher.ports import HaltChange, NoRecord, Suppression, Withdrawal
from dispatcher.store import PostgresDeliveries, PostgresNoes
from services.dispatcher.tests.integration.world import World, hashed

PEOPLE = 12


def addresses(chance: random.Random) -> list[str]:
    """In any order, some of them never seen before."""
    known = [hashed("demo", "email", f"c{number}@example.com") for number in range(PEOPLE)]
    new = [hashed("demo", "email", f"new{chance.random()}@example.com") for _ in range(2)]
    return chance.sample([*known, *new], 8)


async def suppress(database: Database, chance: random.Random) -> None:
    dead = [Suppression("demo", "email", one, "address_unknown") for one in addresses(chance)]
    async with database.transaction() as tx:
        await PostgresDeliveries(database).suppress(tx, dead)


async def claim(database: Database, chance: random.Random) -> None:
    deliveries = PostgresDeliveries(database)
    async with database.transaction() as tx:
        await deliveries.find_due(tx, {0, 1}, chance.randint(3, 9), marketing=True)


async def forget(database: Database, chance: random.Random) -> None:
    """So that claims meet addresses that have no row yet."""
    for one in addresses(chance):
        await database.execute("DELETE FROM addresses WHERE address_hash = $1", one)


def withdraw(chance: random.Random) -> list[NoRecord | None]:
    noes: list[NoRecord | None] = [
        Withdrawal("demo", "email", one, "marketing", utc_now()) for one in addresses(chance)
    ]
    for halted in (True, False):
        noes.insert(chance.randrange(8), HaltChange("demo", halted=halted, by="x", at=utc_now()))
    return noes


@pytest.mark.parametrize("seed", [1, 2])
async def test_senders_that_suppress_claim_and_fold_never_block_each_other(
    world: World, seed: int
) -> None:
    chance = random.Random(seed)  # noqa: S311 - the same strife for the same seed
    world.progress()
    for number in range(PEOPLE):
        world.contact(number)
        world.request(number)
    async with world.consuming():
        await world.until("the requests", lambda: planned(world))
    noes = PostgresNoes(world.database)

    async def fold_all() -> None:
        for round_ in range(15):
            records = withdraw(chance)
            await noes.fold(round_ * 10, round_ * 10 + 10, records)

    async def again(work: Callable[[Database, random.Random], Awaitable[None]]) -> None:
        for _ in range(15):
            await work(world.database, chance)

    # A conflict would come as TransientError, after the second that the database waits for one.
    await asyncio.gather(
        fold_all(), again(suppress), again(claim), again(claim), again(claim), again(forget)
    )


async def planned(world: World) -> bool:
    return (await world.states())["planned"] == PEOPLE
