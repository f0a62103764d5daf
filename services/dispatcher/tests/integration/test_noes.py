"""A no is final within a second: withdrawals, halts, barriers; folded once whoever reads."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import msgspec
import pytest

from common.clock import utc_now
from common.contracts import decode_event
from common.contracts.withdrawals import BarrierAppended, ContactWithdrawn
from common.ids import derive
from common.streaming.ports import Outgoing, Place
from dispatcher.ports import HaltChange, PersonBan, Withdrawal
from dispatcher.store import PostgresNoes
from services.dispatcher.tests.integration.world import World
from services.dispatcher.tests.making import consent

WITHDRAWALS = Place("contact.withdrawals", 0)


async def one_click(world: World, mail: int = 0) -> None:
    """Unsubscribe with the link of a mail that arrived."""
    link = str(world.smtp.mails[mail]["List-Unsubscribe"]).strip("<>")
    async with world.edge() as edge:
        await edge.withdraw(edge.token(link.rsplit("/", 1)[1]), "marketing", "one_click")


async def test_after_one_click_nothing_more_is_claimed(world: World) -> None:
    world.progress()
    world.contact(1)
    first = world.request(1)
    async with world.consuming(), world.sending():
        await world.until("the first mail", lambda: world.told(first))
        await one_click(world)
        second = world.request(2, profile=1)
        receipt = world.request(3, profile=1, purpose="transactional")
        await world.until("both", lambda: world.told(second) and world.told(receipt))

    assert world.told(second) == [("skipped", "withdrawn")]
    assert world.told(receipt) == [("sent", "")]


async def test_the_no_holds_for_every_profile_with_that_address(world: World) -> None:
    world.progress()
    world.contact(1, email="Shared@Example.com")
    world.contact(2, email="shared@example.com")
    first = world.request(1)
    async with world.consuming(), world.sending():
        await world.until("the first mail", lambda: world.told(first))
        await one_click(world)
        second = world.request(2)
        await world.until("the second", lambda: world.told(second))

    assert world.told(second) == [("skipped", "withdrawn")]


async def test_who_signs_up_again_is_written_to_again(world: World) -> None:
    world.progress()
    world.contact(1)
    first = world.request(1)
    async with world.consuming(), world.sending():
        await world.until("the first mail", lambda: world.told(first))
        await one_click(world)
        anew = consent(since=utc_now() + timedelta(seconds=1))
        world.contact(1, profile_version=2, consents=(anew,))
        second = world.request(2, profile=1)
        await world.until("the second", lambda: world.told(second))

    assert world.told(second) == [("sent", "")]


async def test_an_address_that_is_suppressed_gets_nothing_not_even_a_receipt(world: World) -> None:
    world.progress()
    world.contact(1, email="anna@example.com")
    async with world.edge() as edge:
        await edge.ban("demo", "email", "Anna@example.com", "bounced")
    asked = world.request(1)
    async with world.consuming(), world.sending():
        await world.until("the reminder", lambda: world.told(asked))
        receipt = world.request(2, profile=1, purpose="transactional")
        await world.until("the receipt", lambda: world.told(receipt))

    assert world.told(asked) == [("skipped", "suppressed")]
    assert world.told(receipt) == [("skipped", "suppressed")]


@pytest.mark.parametrize(("transactional", "receipt"), [(True, "skipped"), (False, "sent")])
async def test_a_person_is_suppressed_as_far_as_was_said_also_after_a_merge(
    world: World, *, transactional: bool, receipt: str
) -> None:
    world.progress()
    world.contact(1)
    world.contact(2)
    async with world.edge() as edge:
        await edge.ban_person("demo", derive("profile", 1), "legal", transactional=transactional)
    anew = consent(since=utc_now() + timedelta(seconds=1))
    world.contact(2, profile_version=2, consents=(anew,))
    world.contact(1, profile_version=2, merged_into=derive("profile", 2), email=None, consents=())
    async with world.consuming(), world.sending():
        await world.until("the merge", lambda: is_merged(world, 1))
        asked = world.request(1, profile=2)
        await world.until("the reminder", lambda: world.told(asked))
        order = world.request(2, profile=2, purpose="transactional")
        await world.until("the receipt", lambda: world.told(order))

    assert world.told(asked) == [("skipped", "suppressed")]
    assert world.told(order)[-1][0] == receipt


async def test_a_wider_suppression_of_a_person_is_not_narrowed_by_a_later_one(
    world: World,
) -> None:
    noes, who = PostgresNoes(world.database), derive("profile", 1)

    await noes.fold(0, 2, [PersonBan("demo", who, "legal", True), None])
    await noes.fold(2, 3, [PersonBan("demo", who, "hard_stop", False)])

    (row,) = await world.database.fetch("SELECT reason, transactional FROM suppressed_people")
    assert (row["reason"], row["transactional"]) == ("legal", True)


async def test_a_halt_holds_everything_and_resume_wakes_it_at_once(world: World) -> None:
    world.progress()
    world.contact(1)
    world.contact(2, "other")
    async with world.edge() as edge, world.consuming():
        await edge.halt("demo", halted=True)
        async with world.sending():
            await world.until("the halt", lambda: is_halted(world, "demo"))
            held = world.request(1)
            elsewhere = world.request(2, "other")
            await world.until("both", lambda: world.told(held) and world.told(elsewhere))
            assert world.told(held) == [("held", "halted")]
            assert world.told(elsewhere) == [("sent", "")]
            await edge.halt("demo", halted=False)
            await world.until("the mail", lambda: len(world.told(held)) > 1)

    assert world.told(held) == [("held", "halted"), ("sent", "")]


async def is_merged(world: World, number: int) -> bool:
    found = "SELECT FROM recipients WHERE profile_id = $1 AND merged_into IS NOT NULL"
    return bool(await world.database.fetch(found, derive("profile", number)))


async def is_halted(world: World, scope: str) -> bool:
    return bool(await world.database.fetch("SELECT FROM halts WHERE scope = $1", scope))


async def test_without_a_barrier_no_marketing_is_claimed(world: World) -> None:
    world.progress()
    world.contact(1)
    world.log.fail_next_publishes(10_000)
    asked = world.request(1)
    receipt = world.request(2, profile=1, purpose="transactional")
    async with world.consuming(), world.sending():
        async with asyncio.timeout(15):
            await world.smtp.taken(1)
        assert world.acceptances(receipt) == 1
        assert (await world.states())["planned"] == 1

    assert world.acceptances(asked) == 0


async def test_idle_senders_append_no_barriers(world: World) -> None:
    world.progress()
    world.contact(1)
    receipt = world.request(1, purpose="transactional")
    async with world.consuming(), world.sending():
        await world.until("the receipt", lambda: world.told(receipt))

    assert not world.log.records("contact.withdrawals")


async def test_a_record_that_is_no_no_is_put_aside_and_stops_nobody(world: World) -> None:
    world.progress()
    world.contact(1)
    world.log.append(WITHDRAWALS, Outgoing(b"x", b"{not json"), Outgoing(b"y", None))
    asked = world.request(1)
    async with world.consuming(), world.sending():
        await world.until("the mail", lambda: world.told(asked))

    first, second = world.log.records("contact.withdrawals.quarantine")
    assert first.value == b"{not json"
    assert first.headers["reason"] == b"undecodable"
    assert second.headers["origin_offset"] == b"1"


@pytest.mark.parametrize(
    "wrong",
    [
        {"address_hash": "\0"},
        {"address_hash": "a" * 500_000},
        {"channel": "e\0mail"},
        {"purpose": "\0"},
    ],
    ids=lambda wrong: next(iter(wrong)),
)
async def test_a_no_that_the_database_would_refuse_stops_no_other(
    world: World, wrong: dict[str, str]
) -> None:
    world.progress()
    world.contact(1)
    right = ContactWithdrawn(
        address_hash="aa", channel="email", purpose="*", via="stranger", requested_at=utc_now()
    )
    world.append("contact.withdrawals", msgspec.structs.replace(right, **wrong), key="x")
    asked = world.request(1)
    async with world.consuming(), world.sending():
        await world.until("the mail", lambda: world.told(asked))

    assert world.told(asked) == [("sent", "")]
    (aside,) = world.log.records("contact.withdrawals.quarantine")
    assert aside.headers["reason"] == b"undecodable"


async def test_two_senders_fold_each_no_once(world: World) -> None:
    noes = PostgresNoes(world.database)
    first = Withdrawal("demo", "email", "aa", "marketing", utc_now())
    second = Withdrawal("demo", "email", "aa", "*", utc_now())

    await noes.fold(0, 2, [first, None])
    await noes.fold(1, 3, [None, second])
    await noes.fold(0, 2, [HaltChange("demo", halted=True, by="x", at=utc_now()), None])

    assert await noes.position() == 3
    (row,) = await world.database.fetch("SELECT withdrawn FROM addresses")
    assert '"marketing"' in row["withdrawn"]
    assert '"*"' in row["withdrawn"]
    assert not await is_halted(world, "demo")


async def test_a_sender_meets_only_its_own_barriers(world: World) -> None:
    world.progress()
    for number in range(4):
        world.contact(number)
    async with world.consuming(), world.sending(), world.sending():
        asked = [world.request(number) for number in range(4)]
        await world.until("all mails", lambda: all(world.told(one) for one in asked))

    senders = {
        decode_event(item.value or b"").payload(BarrierAppended).sender
        for item in world.log.records("contact.withdrawals")
    }
    assert senders
    assert [world.acceptances(one) for one in asked] == [1, 1, 1, 1]


async def test_withdrawals_that_left_the_log_do_not_stop_sending(world: World) -> None:
    world.progress()
    world.contact(1)
    await PostgresNoes(world.database).skip_to(3)
    world.log.append(WITHDRAWALS, *[Outgoing(b"x", b"{}")] * 9)
    world.log.trim(WITHDRAWALS, 7)
    asked = world.request(1)
    async with world.consuming(), world.sending():
        await world.until("the mail", lambda: world.told(asked))

    assert world.told(asked) == [("sent", "")]
