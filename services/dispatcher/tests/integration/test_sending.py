"""From a request to a mail or to the reason why there is none; every end told once."""

from __future__ import annotations

from datetime import timedelta

from common.clock import utc_now
from common.streaming.ports import Outgoing, Place
from dispatcher.domain.tokens import verify
from services.dispatcher.tests.integration.world import SECRETS, World, hashed


async def test_a_request_becomes_one_mail_and_one_status(world: World) -> None:
    world.progress()
    world.contact(1)
    asked = world.request(1)

    async with world.consuming(), world.sending():
        await world.until("the mail's status", lambda: world.told(asked))

    assert world.told(asked) == [("sent", "")]
    assert world.acceptances(asked) == 1
    ((_, status),) = world.statuses()
    assert status.provider == "smtp"
    assert status.claimed_at is not None
    assert status.claimed_at <= status.at
    (mail,) = world.smtp.mails
    assert mail["To"] == "c1@example.com"
    assert mail["Subject"] == "Anna, dein Warenkorb wartet"
    link = str(mail["List-Unsubscribe"]).strip("<>")
    token = verify(link.rsplit("/", 1)[1], SECRETS)
    assert token.delivery_id == asked
    assert token.address_hash == hashed("demo", "email", "c1@example.com")


async def test_the_same_request_twice_is_one_mail(world: World) -> None:
    world.progress()
    world.contact(1)
    asked = world.request(1)
    world.request(1)
    last = world.request(2, profile=1)  # behind both on their partition

    async with world.consuming(), world.sending(in_flight=1):
        await world.until("both mails", lambda: world.told(asked) and world.told(last))

    assert world.acceptances(asked) == 1
    assert world.told(asked) == [("sent", "")]


async def test_every_reason_not_to_send_is_told_once(world: World) -> None:
    world.progress()
    world.contact(1, consents=())
    world.contact(2, email=None)
    world.contact(3, email="not an address")
    for number in (4, 5, 6):
        world.contact(number)
    world.contact(7, profile_version=5, consents=())
    world.contact(7, profile_version=4)
    erased = str(world.contact(8)).encode()
    place = Place("profile.contacts", world.log.partition_for("profile.contacts", erased))
    world.log.append(place, Outgoing(erased, None))
    expected = {
        world.request(1): "no_consent",
        world.request(2): "no_address",
        world.request(3): "no_address",
        world.request(4, message="nobody_wrote_it"): "template_missing",
        world.request(5, expires_at=utc_now() - timedelta(seconds=1)): "expired",
        world.request(6, purpose="profiling"): "no_consent",
        world.request(7): "no_consent",
        world.request(8): "erased",
        world.request(9): "no_address",
    }

    async with world.consuming(), world.sending():
        await world.until("all statuses", lambda: all(world.told(one) for one in expected))

    assert {one: world.told(one) for one in expected} == {
        one: [("skipped", reason)] for one, reason in expected.items()
    }
    assert not world.smtp.mails
    rows = await world.database.fetch(
        "SELECT snapshot, email_hash FROM recipients WHERE version > 0"
    )
    assert sum(row["snapshot"] is None and row["email_hash"] is None for row in rows) == 1


async def test_nothing_goes_out_before_it_is_due(world: World) -> None:
    world.progress()
    world.contact(1)
    due_at = utc_now() + timedelta(seconds=2)
    asked = world.request(1, due_at=due_at)

    async with world.consuming(), world.sending():
        await world.until("the mail", lambda: world.told(asked))

    ((_, status),) = world.statuses()
    assert status.claimed_at is not None
    assert status.claimed_at >= due_at


async def test_marketing_is_held_while_the_contacts_are_far_behind(world: World) -> None:
    world.progress(timedelta(seconds=-60))
    world.contact(1)
    asked = world.request(1)
    receipt = world.request(2, profile=1, purpose="transactional")

    async with world.consuming(), world.sending():
        await world.until("the hold", lambda: world.told(asked))
        await world.until("the receipt", lambda: world.told(receipt))
        assert world.told(asked) == [("held", "contacts_behind")]
        assert world.told(receipt) == [("sent", "")]
        world.progress()
        await world.until("the mail", lambda: len(world.told(asked)) > 1)

    assert world.told(asked) == [("held", "contacts_behind"), ("sent", "")]


async def test_a_contact_that_is_on_its_way_is_waited_for(world: World) -> None:
    world.progress(timedelta(seconds=-1))
    asked = world.request(1)

    async with world.consuming(), world.sending():
        await world.until("the request", world.states)
        world.contact(1)
        world.progress()
        await world.until("the mail", lambda: world.told(asked))

    assert world.told(asked) == [("sent", "")]


async def test_workspaces_do_not_mix(world: World) -> None:
    world.progress()
    world.contact(1, "demo", email="same@example.com")
    world.contact(2, "other", email="same@example.com")
    async with world.edge() as edge:
        first = world.request(1, "demo")
        async with world.consuming(), world.sending():
            await world.until("the first", lambda: world.told(first))
            token = edge.token(
                str(world.smtp.mails[0]["List-Unsubscribe"]).strip("<>").rsplit("/", 1)[1]
            )
            await edge.withdraw(token, "marketing", "one_click")
            there = world.request(2, "other")
            here = world.request(3, "demo", profile=1)
            await world.until("both", lambda: world.told(there) and world.told(here))

    assert world.told(there) == [("sent", "")]
    assert world.told(here) == [("skipped", "withdrawn")]
