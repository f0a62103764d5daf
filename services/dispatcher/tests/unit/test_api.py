"""The edge: what a link does, that a GET never unsubscribes, and that 2xx means it is in the log."""

from __future__ import annotations

from uuid import UUID

import msgspec
import pytest

from common.contracts.profiles import WithdrawalRequested
from common.contracts.withdrawals import (
    ContactWithdrawn,
    SendingHalted,
    SendingResumed,
)
from dispatcher.domain.tokens import MailToken, sign
from dispatcher.ports import DeliveryReport
from services.dispatcher.tests.edge import ADMIN, SECRETS, World
from services.dispatcher.tests.making import ANNA, NOW, delivery, delivery_id, recipient

TOKEN = MailToken(
    workspace="demo",
    profile_id=ANNA,
    address_hash="ab" * 16,
    channel="email",
    purpose="marketing",
    delivery_id=delivery_id(),
)
LINK = sign(TOKEN, SECRETS)


async def test_one_click_is_in_both_logs_when_it_is_answered(world: World) -> None:
    answer = await world.client.post(f"/u/{LINK}", data={"List-Unsubscribe": "One-Click"})

    assert answer.status_code == 200
    ((key, event),) = world.withdrawals.records
    no = event.payload(ContactWithdrawn)
    assert key == TOKEN.address_hash.encode()
    assert (no.address_hash, no.channel, no.purpose, no.via) == (
        TOKEN.address_hash,
        "email",
        "marketing",
        "one_click",
    )
    assert (event.workspace, event.subject, no.requested_at) == ("demo", str(ANNA), NOW)
    ((key, event),) = world.commands.records
    asked = event.payload(WithdrawalRequested)
    assert key == str(ANNA).encode()
    assert (asked.channel, asked.purpose, asked.delivery_id) == (
        "email",
        "marketing",
        delivery_id(),
    )


@pytest.mark.parametrize("body", [b"", b"List-Unsubscribe=One-Click", b"\xff\xfe{}"])
async def test_one_click_takes_any_body_and_needs_no_cookie(world: World, body: bytes) -> None:
    answer = await world.client.post(f"/u/{LINK}", content=body)

    assert answer.status_code == 200
    assert len(world.withdrawals.records) == 1


MEANT = [("marketing", "marketing"), ("transactional", "marketing"), ("profiling", "*")]


@pytest.mark.parametrize(("purpose", "withdrawn"), MEANT)
async def test_one_click_also_stops_what_the_mail_itself_was_for(
    world: World, purpose: str, withdrawn: str
) -> None:
    link = sign(msgspec.structs.replace(TOKEN, purpose=purpose), SECRETS)
    await world.client.post(f"/u/{link}")

    ((_, event),) = world.withdrawals.records
    assert event.payload(ContactWithdrawn).purpose == withdrawn


@pytest.mark.parametrize("path", [f"/u/{LINK}", f"/p/{LINK}", f"/v/{LINK}"])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_following_a_link_never_unsubscribes(world: World, method: str, path: str) -> None:
    await world.client.request(method, path)

    assert not world.withdrawals.records
    assert not world.commands.records


async def test_the_page_asks_in_the_readers_language_and_the_shops_name(world: World) -> None:
    german = await world.client.get(f"/u/{LINK}", headers={"Accept-Language": "de-AT,en;q=0.5"})
    english = await world.client.get(f"/u/{LINK}", headers={"Accept-Language": "fr,en;q=0.5"})

    assert "Keine Werbung mehr?" in german.text
    assert 'lang="de"' in german.text
    assert "No more advertising?" in english.text
    assert "Müller &amp; Söhne" in english.text
    assert f'action="../u/{LINK}"' in english.text


async def test_asking_twice_does_no_harm(world: World) -> None:
    first = await world.client.post(f"/u/{LINK}")
    second = await world.client.post(f"/u/{LINK}")

    assert (first.status_code, second.status_code) == (200, 200)
    ids = [event.id for _, event in world.withdrawals.records]
    assert len(set(ids)) == 2


async def test_a_link_signed_by_an_older_secret_still_works(world: World) -> None:
    answer = await world.client.post(f"/u/{sign(TOKEN, SECRETS[1:])}")

    assert answer.status_code == 200


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("page", ["u", "p", "v"])
async def test_a_broken_link_is_told_in_words_and_does_nothing(
    world: World, page: str, method: str
) -> None:
    if (page, method) == ("v", "POST"):
        return
    answer = await world.client.request(method, f"/{page}/{LINK[:-2]}x")

    assert answer.status_code == 404
    assert "This link is not complete" in answer.text
    assert not world.withdrawals.records


@pytest.mark.parametrize("which", ["withdrawals", "commands"])
async def test_while_the_log_is_away_nobody_is_told_that_it_worked(
    world: World, which: str
) -> None:
    getattr(world, which).away = True

    answer = await world.client.post(f"/u/{LINK}")

    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "5"
    assert "did not work just now" in answer.text


@pytest.mark.parametrize(
    ("form", "purpose"),
    [
        ("no=marketing", "marketing"),
        ("no=*", "*"),
        ("no=marketing&no=%2A", "*"),
    ],
)
async def test_the_preference_page_reduces(world: World, form: str, purpose: str) -> None:
    answer = await world.client.post(f"/p/{LINK}", content=form)

    assert answer.status_code == 200
    ((_, event),) = world.withdrawals.records
    no = event.payload(ContactWithdrawn)
    assert (no.purpose, no.via) == (purpose, "preference_page")


@pytest.mark.parametrize("form", ["", "yes=marketing", "no=transactional", "no=" + "x" * 9000])
async def test_the_preference_page_grants_nothing_and_takes_nothing_odd(
    world: World, form: str
) -> None:
    answer = await world.client.post(f"/p/{LINK}", content=form)

    assert "You chose nothing" in answer.text
    assert not world.withdrawals.records


async def test_pages_load_nothing_and_tell_nobody_their_address(world: World) -> None:
    answer = await world.client.get(f"/u/{LINK}")

    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["Cache-Control"] == "no-store"
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert "http" not in answer.text


async def test_a_mail_can_be_seen_in_the_browser(world: World) -> None:
    world.archive.mails[delivery_id()] = (delivery(), recipient())

    answer = await world.client.get(f"/v/{LINK}")

    assert answer.status_code == 200
    assert "Rock &lt;rot&gt;" in answer.text
    assert f"/u/{LINK}" in answer.text


async def test_a_mail_that_is_gone_is_told_in_words(world: World) -> None:
    gone = await world.client.get(f"/v/{LINK}")
    world.archive.away = True
    away = await world.client.get(f"/v/{LINK}")

    assert gone.status_code == 404
    assert "no longer here" in gone.text
    assert away.status_code == 503


async def test_nobody_sees_a_mail_of_another_profile(world: World) -> None:
    world.archive.mails[delivery_id()] = (delivery(profile_id=UUID(int=7)), recipient())
    answer = await world.client.get(f"/v/{LINK}")

    assert answer.status_code == 404


async def test_halt_and_resume_are_records(world: World) -> None:
    halted = await world.client.post("/v1/halt", json={"workspace": "demo"}, headers=ADMIN)
    resumed = await world.client.post("/v1/resume", json={"workspace": "*"}, headers=ADMIN)

    assert halted.json() == {"workspace": "demo", "halted": True}
    assert resumed.json() == {"workspace": "*", "halted": False}
    (_, first), (_, second) = world.withdrawals.records
    assert first.payload(SendingHalted).scope == "demo"
    assert second.payload(SendingResumed).scope == "*"


@pytest.mark.parametrize("what", ["halt", "resume"])
async def test_a_workspace_that_nobody_knows_is_refused(world: World, what: str) -> None:
    answer = await world.client.post(f"/v1/{what}", json={"workspace": "dmeo"}, headers=ADMIN)

    assert (answer.status_code, answer.json()["detail"]) == (404, "there is no workspace dmeo")
    assert not world.withdrawals.records


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer x"}, {"Authorization": "x"}])
async def test_operators_need_the_admin_key(world: World, headers: dict[str, str]) -> None:
    answers = [
        await world.client.post("/v1/halt", json={"workspace": "*"}, headers=headers),
        await world.client.post("/v1/resume", json={"workspace": "*"}, headers=headers),
        await world.client.get(f"/v1/deliveries/{delivery_id()}", headers=headers),
    ]

    assert [answer.status_code for answer in answers] == [401, 401, 401]
    assert not world.withdrawals.records


async def test_errors_for_machines_have_one_shape(world: World) -> None:
    world.withdrawals.away = True
    answers = [
        (await world.client.post("/v1/halt", json={"workspace": "*"}, headers=ADMIN), 503),
        (await world.client.post("/v1/halt", json={}, headers=ADMIN), 400),
        (await world.client.get(f"/v1/deliveries/{delivery_id()}", headers=ADMIN), 404),
        (await world.client.get("/docs"), 404),
        (await world.client.delete("/v1/halt", headers=ADMIN), 405),
    ]

    assert [answer.status_code for answer, _ in answers] == [status for _, status in answers]
    assert all(set(answer.json()) == {"error", "detail"} for answer, _ in answers)


async def test_an_operator_can_ask_what_became_of_a_delivery(world: World) -> None:
    request = delivery().request
    world.archive.reports[delivery_id()] = DeliveryReport(
        delivery_id=delivery_id(),
        workspace="demo",
        profile_id=ANNA,
        state="held",
        reason="halted",
        due_at=NOW,
        expires_at=request.expires_at,
        attempts=2,
        claimed_at=None,
        provider="",
        playbook=request.playbook,
        message=request.message,
        channel=request.channel,
        purpose=request.purpose,
    )

    answer = await world.client.get(f"/v1/deliveries/{delivery_id()}", headers=ADMIN)

    assert (answer.json()["state"], answer.json()["reason"]) == ("held", "halted")
