"""I5: one second after a no was answered nothing is claimed for that address, whoever else is dead."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack
from datetime import datetime, timedelta
from uuid import UUID

import pytest

from common.clock import utc_now
from common.contracts.deliveries import DeliveryStatus
from dispatcher.api import Edge
from dispatcher.domain.tokens import MailToken
from services.dispatcher.tests.integration.world import World, hashed

PEOPLE = 24
SECOND = timedelta(seconds=1)


def token_of(world: World, number: int, profile_id: UUID) -> MailToken:
    return MailToken(
        workspace="demo",
        profile_id=profile_id,
        address_hash=hashed("demo", "email", f"c{number}@example.com"),
        channel="email",
        purpose="marketing",
        delivery_id=UUID(int=number),
    )


async def nothing_fails(world: World) -> None:
    return


async def the_broker_takes_nothing_for_a_while(world: World) -> None:
    await world.smtp.taken(5)
    world.log.fail_next_publishes(15)
    await world.log.grown(0.3)
    world.log.fail_next_publishes(15, appended=True)  # or takes it and does not say so


async def the_broker_gives_nothing_for_a_while(world: World) -> None:
    await world.smtp.taken(5)
    world.log.fail_next_polls(24)


async def withdraw(world: World, edge: Edge, token: MailToken) -> datetime:
    """Say no, and again until that is answered; returns when it was."""
    while True:
        try:
            await edge.withdraw(token, "marketing", "one_click")
        except Exception as error:
            if getattr(error, "reason", "") != "kafka_unavailable":
                raise
            await world.log.grown(0.1)
            continue
        return utc_now()


def late_claims(world: World, answered: dict[int, datetime], mine: dict[UUID, int]) -> list[str]:
    def is_late(status: DeliveryStatus) -> bool:
        no = answered.get(mine[status.delivery_id])
        claimed = status.claimed_at
        return no is not None and claimed is not None and claimed > no + SECOND

    return [f"{kind} {status}" for kind, status in world.statuses() if is_late(status)]


@pytest.mark.parametrize(
    ("fails", "consume_dies"),
    [
        (nothing_fails, False),
        (the_broker_takes_nothing_for_a_while, True),
        (the_broker_gives_nothing_for_a_while, True),
    ],
)
async def test_nothing_is_claimed_a_second_after_a_no(
    world: World, fails: Callable[[World], Coroutine[None, None, None]], consume_dies: bool
) -> None:
    """Mails fall due all the time while people say no; resolve is not there at all."""
    chance = random.Random(7)  # noqa: S311 - the same moments in every run
    world.progress()
    start = utc_now()
    people = {number: world.contact(number) for number in range(PEOPLE)}
    mine: dict[UUID, int] = {}
    for number in range(PEOPLE * 4):
        due_at = start + timedelta(seconds=1.5 + chance.random() * 4)
        mine[world.request(number, profile=number % PEOPLE, due_at=due_at)] = number % PEOPLE
    answered: dict[int, datetime] = {}
    async with AsyncExitStack() as stack:
        edge = await stack.enter_async_context(world.edge())
        async with AsyncExitStack() as living:
            await living.enter_async_context(world.consuming())
            await world.until("the requests", lambda: planned(world))
            if not consume_dies:
                stack.push_async_callback(living.pop_all().aclose)
        for _ in range(2):
            await stack.enter_async_context(world.sending(in_flight=16))

        async def no(number: int, mails: int) -> None:
            await world.smtp.taken(mails)
            answered[number] = await withdraw(world, edge, token_of(world, number, people[number]))

        async with asyncio.TaskGroup() as group:
            group.create_task(fails(world))
            for number in range(0, PEOPLE, 2):
                group.create_task(no(number, chance.randrange(1, 30)))
        await world.until("all ends", lambda: all(world.told(one) for one in mine), 30)

    told = {one: world.told(one)[-1] for one in mine}
    assert not late_claims(world, answered, mine)
    assert ("skipped", "withdrawn") in told.values()
    assert all(told[one] == ("sent", "") for one, number in mine.items() if number % 2)
    assert all(world.acceptances(one) <= 1 for one in mine)


async def planned(world: World) -> bool:
    return (await world.states())["planned"] == PEOPLE * 4


async def test_while_withdrawals_cannot_be_read_no_marketing_is_claimed(world: World) -> None:
    """The broker takes our barriers and gives nothing back: a partition between the two."""
    world.progress()
    world.contact(1)
    asked = world.request(1)
    receipt = world.request(2, profile=1, purpose="transactional")
    async with world.consuming():
        await world.until("the requests", lambda: two_planned(world))
    world.log.fail_next_polls(100_000)
    async with world.sending():
        async with asyncio.timeout(15):
            await world.smtp.taken(1)
        await world.log.grown(1.5)

    assert world.acceptances(receipt) == 1
    assert world.acceptances(asked) == 0
    assert (await world.states())["planned"] == 1


async def two_planned(world: World) -> bool:
    return (await world.states())["planned"] == 2
