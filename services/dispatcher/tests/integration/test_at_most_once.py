"""Whatever the server does and whoever dies: a delivery is taken at most once, or ends unknown."""

from __future__ import annotations

import asyncio
import random
from functools import partial
from itertools import pairwise
from uuid import UUID

import pytest

from common.testing.smtp import drop, reply, stall
from services.dispatcher.tests.integration.world import World

TRANSIENT = [
    drop("connect"),
    stall("connect"),
    reply("connect", "421 4.3.2 busy"),
    reply("connect", "554 5.3.2 not today"),
    drop("mail"),  # so that the next one meets the greeting
    drop("ehlo"),
    reply("ehlo", "421 4.3.2 busy"),
    stall("mail"),
    drop("rcpt"),
    stall("rcpt"),
    drop("data"),
    stall("data"),
    reply("mail", "421 4.3.2 closing"),
    reply("mail", "451 4.7.1 greylisted"),
    reply("rcpt", "451 4.3.0 later"),
    reply("data", "451 4.3.0 later"),
    reply("dot", "451 4.3.0 later"),
]
FINAL = [
    (reply("mail", "550 5.7.1 not you"), "failed", "refused_by_policy"),
    (reply("rcpt", "550 5.1.1 nobody"), "failed", "address_unknown"),
    (reply("rcpt", "552 5.2.2 full"), "failed", "mailbox_full"),
    (reply("data", "554 no"), "failed", "refused"),
    (reply("dot", "554 no"), "failed", "refused"),
    (drop("dot"), "unknown", "connection_lost"),
    (drop("dot", accepts=True), "unknown", "connection_lost"),
    (stall("dot"), "unknown", "no_answer"),
    (stall("dot", accepts=True), "unknown", "no_answer"),
    (stall("content"), "unknown", "no_answer"),
]


async def test_what_was_not_handed_over_is_tried_again_and_arrives_once(world: World) -> None:
    world.progress()
    asked: list[UUID] = []
    async with world.consuming(), world.sending(in_flight=1):
        for start in range(0, len(TRANSIENT), 4):  # five in a row would break the circuit
            faults = TRANSIENT[start : start + 4]
            world.smtp.script(*faults)
            for number in range(len(asked), len(asked) + len(faults) + 1):
                world.contact(number)
                asked.append(world.request(number))
            await world.until("the faults", lambda: not world.smtp.faults)
            await world.until("a mail", partial(any_ended, world, asked[start:]))
        await world.until("all ends", lambda: all(ended(world, one) for one in asked), 30)

    assert [world.acceptances(one) for one in asked] == [1] * len(asked)
    assert {told[-1] for told in map(world.told, asked)} == {("sent", "")}
    holds = [world.told(one)[:-1] for one in asked]
    assert {hold for told in holds for hold in told} == {
        ("held", "provider_unavailable"),
        ("held", "provider_deferred"),
    }
    assert all(one != another for told in holds for one, another in pairwise(told))


async def test_what_may_have_been_taken_is_never_tried_again(world: World) -> None:
    world.smtp.pipelining = True
    world.progress()
    asked = []
    async with world.consuming(), world.sending(in_flight=1):
        for number, (fault, _, _) in enumerate(FINAL):
            world.smtp.script(fault)  # one at a time: pipelined commands would meet several at once
            world.contact(number)
            asked.append(world.request(number))
            await world.until("its end", partial(world.told, asked[-1]))
        assert not world.smtp.faults

    assert [world.told(one) for one in asked] == [[(status, why)] for _, status, why in FINAL]
    assert all(world.acceptances(one) <= 1 for one in asked)


@pytest.mark.parametrize("seed", [1, 2])
async def test_no_script_makes_a_server_take_a_mail_twice(world: World, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - the same script for the same seed
    faults = [*TRANSIENT, *[fault for fault, _, _ in FINAL], drop("rset"), stall("rset")]
    world.smtp.pipelining = seed % 2 == 0
    world.progress()
    world.smtp.script(*chance.choices(faults, k=15))
    asked = []
    for number in range(30):
        world.contact(number)
        asked.append(world.request(number))
    async with world.consuming():
        async with world.sending(in_flight=3):
            await world.until(
                "some ends", lambda: sum(ended(world, one) for one in asked) >= 10, 60
            )
        async with world.sending(in_flight=6):
            await world.until("all ends", lambda: all(ended(world, one) for one in asked), 60)

    for one in asked:
        *holds, (status, _) = world.told(one)
        assert {hold[0] for hold in holds} <= {"held"}
        assert world.acceptances(one) <= (1 if status in {"sent", "unknown"} else 0)
        assert status != "sent" or world.acceptances(one) == 1


def any_ended(world: World, some: list[UUID]) -> bool:
    return any(ended(world, one) for one in some)


def ended(world: World, delivery_id: UUID) -> bool:
    """Whether its last status is one after which there is no other."""
    told = world.told(delivery_id)
    return bool(told) and told[-1][0] != "held"


async def test_an_address_that_does_not_exist_is_not_tried_again(world: World) -> None:
    world.progress()
    world.contact(1)
    world.smtp.script(reply("rcpt", "550 5.1.1 nobody"))
    first = world.request(1)
    async with world.consuming(), world.sending():
        await world.until("the refusal", lambda: world.told(first))
        second = world.request(2, profile=1, purpose="transactional")
        await world.until("the second", lambda: world.told(second))

    assert world.told(second) == [("skipped", "suppressed")]


async def test_a_sender_that_dies_with_mails_under_way_leaves_them_unknown(world: World) -> None:
    world.progress()
    asked = []
    for number in range(3):
        world.contact(number)
        asked.append(world.request(number))
        world.smtp.script(stall("dot", accepts=number > 0))
    async with world.consuming():
        async with world.sending(acceptance=60):
            await world.until("all under way", lambda: not world.smtp.faults)
        assert (await world.states())["transmitting"] == 3
        async with world.sending():
            await world.until("their ends", lambda: all(world.told(one) for one in asked))
            world.contact(7)
            after = world.request(7)
            await world.until("the next mail", lambda: world.told(after))

    assert [world.told(one) for one in asked] == [[("unknown", "sender_lost")]] * 3
    assert all(world.acceptances(one) <= 1 for one in asked)
    assert world.told(after) == [("sent", "")]


async def test_what_was_only_claimed_is_planned_again(world: World) -> None:
    world.progress()
    world.contact(1)
    asked = world.request(1)
    async with world.consuming():
        await world.until("the request", world.states)
        await world.database.execute("UPDATE deliveries SET state = 'claimed', claims = 1")
        async with world.sending():
            await world.until("the mail", lambda: world.told(asked))

    assert world.told(asked) == [("sent", "")]
    assert world.acceptances(asked) == 1


async def test_senders_that_come_and_go_send_each_mail_once(world: World) -> None:
    world.progress()
    asked = []
    for number in range(40):
        world.contact(number)
        asked.append(world.request(number))

    def some(goal: int) -> bool:
        return len(world.smtp.mails) >= goal

    async with world.consuming():
        for goal in (8, 16, 24):
            async with world.sending(in_flight=4), world.sending(in_flight=4):
                await world.until("some", partial(some, goal))
        async with world.sending():
            await world.until("all ends", lambda: all(world.told(one) for one in asked), 30)

    ends = [world.told(one) for one in asked]
    assert all(len(told) == 1 for told in ends)
    assert all(count == 1 for count in world.smtp.accepted.values())
    assert all(
        world.acceptances(one) == 1 or told == [("unknown", "sender_lost")]
        for one, told in zip(asked, ends, strict=True)
    )


async def test_while_the_provider_is_away_mails_wait_and_none_is_lost(world: World) -> None:
    world.progress()
    asked = []
    world.smtp.script(*[drop("connect")] * 6)
    for number in range(10):
        world.contact(number)
        asked.append(world.request(number))
    async with world.consuming(), world.sending():
        await world.until("all mails", lambda: len(world.smtp.mails) == 10, 40)
        await world.until("all ends", lambda: all(("sent", "") in world.told(one) for one in asked))

    assert all(world.acceptances(one) == 1 for one in asked)
    assert all(len(world.told(one)) <= 2 for one in asked)


async def test_a_sender_that_is_asked_to_stop_lets_its_mails_land(world: World) -> None:
    world.progress()
    for number in range(6):
        world.contact(number)
        world.request(number)
    async with world.consuming(), world.sending() as sender:
        async with asyncio.timeout(15):
            await world.smtp.taken(1)
        sender.finish()
        async with asyncio.timeout(15):
            await sender.finished()
        states = await world.states()

    assert not states["transmitting"]
    assert not states["claimed"]
    assert not states["unknown"]
    assert states["sent"] == len(world.smtp.mails)
