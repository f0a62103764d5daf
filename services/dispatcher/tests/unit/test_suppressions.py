"""Suppressions: how far each reaches, and that the log holds no address."""

from __future__ import annotations

import httpx
import msgspec
import pytest

from common.contracts.profiles import WithdrawalRequested
from common.contracts.withdrawals import ContactSuppressed, ContactWithdrawn, PersonSuppressed
from dispatcher.domain.recipient import address_hash
from services.dispatcher.tests.edge import ADMIN, World
from services.dispatcher.tests.making import ANNA


async def suppress(world: World, *told: dict[str, str], workspace: str = "demo") -> httpx.Response:
    body = {"workspace": workspace, "suppressions": told}
    return await world.client.post("/v1/suppressions", json=body, headers=ADMIN)


async def test_an_address_that_must_not_be_used_is_in_the_log_as_a_hash(world: World) -> None:
    told = {"channel": "email", "address": "Anna@Example.com", "reason": "bounced"}
    answer = await suppress(world, told)

    assert answer.json() == {"accepted": 1, "rejected": []}
    ((key, event),) = world.withdrawals.records
    ban = event.payload(ContactSuppressed)
    assert ban.address_hash == address_hash(b"pepper", "demo", "email", "anna@example.com")
    assert (key, ban.channel, ban.reason) == (ban.address_hash.encode(), "email", "bounced")
    assert b"example.com" not in msgspec.json.encode(event).lower()


async def test_who_unsubscribed_elsewhere_may_sign_up_again(world: World) -> None:
    told = {"channel": "email", "address": "anna@example.com", "reason": "unsubscribed"}
    await suppress(world, told)

    ((_, event),) = world.withdrawals.records
    no = event.payload(ContactWithdrawn)
    assert (no.purpose, no.via) == ("*", "import")


async def test_what_is_no_address_never_costs_the_others(world: World) -> None:
    good = {"channel": "sms", "address": "+4915123456789"}
    answer = await suppress(world, {"channel": "email", "address": "nobody"}, good)

    told = answer.json()
    assert (told["accepted"], [item["index"] for item in told["rejected"]]) == (1, [0])
    assert len(world.withdrawals.records) == 1


async def test_addresses_of_no_workspace_are_refused(world: World) -> None:
    answer = await suppress(world, workspace="nowhere")

    assert answer.status_code == 404


async def test_an_address_is_not_taken_while_the_log_is_away(world: World) -> None:
    world.withdrawals.away = True
    answer = await suppress(world, {"channel": "email", "address": "anna@example.com"})

    assert answer.status_code == 503


async def test_only_an_admin_may_suppress(world: World) -> None:
    body = {"workspace": "demo", "suppressions": []}

    assert (await world.client.post("/v1/suppressions", json=body)).status_code == 401


@pytest.mark.parametrize(
    ("address", "channels"),
    [("anna@example.com", ["ads", "email"]), ("+4915123456789", ["ads", "phone", "sms"])],
)
async def test_an_address_can_be_suppressed_wherever_it_could_be_used(
    world: World, address: str, channels: list[str]
) -> None:
    answer = await suppress(world, {"channel": "*", "address": address, "reason": "legal"})

    assert answer.json()["accepted"] == 1
    bans = [event.payload(ContactSuppressed) for _, event in world.withdrawals.records]
    assert [(ban.channel, ban.address_hash) for ban in bans] == [
        (channel, address_hash(b"pepper", "demo", channel, address)) for channel in channels
    ]


async def suppress_person(world: World, **told: object) -> httpx.Response:
    body = {"workspace": "demo", "people": [{"profile_id": str(ANNA), **told}]}
    return await world.client.post("/v1/suppressions", json=body, headers=ADMIN)


@pytest.mark.parametrize("transactional", [True, False])
async def test_a_person_is_suppressed_as_far_as_the_command_says(
    world: World, *, transactional: bool
) -> None:
    answer = await suppress_person(world, reason="legal", transactional=transactional)

    assert answer.json() == {"accepted": 1, "rejected": []}
    ((key, event),) = world.withdrawals.records
    no = event.payload(PersonSuppressed)
    assert (key, event.workspace) == (str(ANNA).encode(), "demo")
    assert (no.profile_id, no.reason, no.transactional) == (ANNA, "legal", transactional)


async def test_order_confirmations_go_on_unless_the_command_says_otherwise(world: World) -> None:
    await suppress_person(world)

    ((_, event),) = world.withdrawals.records
    assert not event.payload(PersonSuppressed).transactional


async def test_the_ledger_hears_of_a_suppressed_person_for_every_channel(world: World) -> None:
    await suppress_person(world, reason="legal")

    events = [event for _, event in world.commands.records]
    asked = [event.payload(WithdrawalRequested) for event in events]
    assert {(one.channel, one.purpose, one.via) for one in asked} == {
        (channel, "*", "suppression") for channel in ("email", "sms", "phone", "ads")
    }
    assert len({event.id for event in events}) == 4
    assert {event.subject for event in events} == {str(ANNA)}


@pytest.mark.parametrize("which", ["withdrawals", "commands"])
async def test_a_person_is_not_taken_while_a_log_is_away(world: World, which: str) -> None:
    getattr(world, which).away = True

    assert (await suppress_person(world)).status_code == 503


async def test_an_address_that_its_channel_never_meets_is_told_instead_of_taken(
    world: World,
) -> None:
    mail, phone = "anna@example.com", "+4915123456789"
    crossed = [{"channel": "sms", "address": mail}, {"channel": "email", "address": phone}]
    answer = await suppress(world, *crossed, {"channel": "ads", "address": phone})

    told = answer.json()
    assert (told["accepted"], [item["index"] for item in told["rejected"]]) == (1, [0, 1])
