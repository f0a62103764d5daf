"""The link by which a mail asks for consent: only its button confirms, and what it no longer can, it says."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import msgspec
import pytest
from prometheus_client import REGISTRY

from common.contracts.ingestion import ConsentConfirmed
from dispatcher.domain.confirming import Asked
from dispatcher.domain.gate import AddressStanding, PersonStop
from dispatcher.domain.tokens import ConfirmToken, MailToken, sign
from services.dispatcher.tests.edge import SECRETS, World
from services.dispatcher.tests.making import (
    ANNA,
    HOUR,
    NOW,
    consent,
    delivery,
    delivery_id,
    recipient,
)

HASH = "ab" * 16
TOKEN = ConfirmToken(
    workspace="demo",
    profile_id=ANNA,
    address_hash=bytes.fromhex(HASH),
    key="email.marketing",
    delivery_id=delivery_id(),
    asked_at=NOW - HOUR,
    expires_at=NOW + HOUR,
)
LINK = sign(TOKEN, SECRETS)
GERMAN = {"Accept-Language": "de"}
MAIL = delivery(message="ask", purpose="transactional")
ASKED = Asked(
    delivery=MAIL,
    recipient=recipient(consents=()),
    address_hash=HASH,
    address=AddressStanding(),
    stop=None,
)


def standing(**changes: Any) -> Asked:
    """With that consent."""
    said = msgspec.structs.replace(consent(since=NOW - HOUR / 2), **changes)
    return replace(ASKED, recipient=recipient(consents=(said,)))


def signed(**changes: Any) -> str:
    return sign(msgspec.structs.replace(TOKEN, **changes), SECRETS)


@pytest.fixture
def asking(world: World) -> World:
    world.archive.askings[delivery_id()] = ASKED
    return world


@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_following_the_link_confirms_nothing(asking: World, method: str) -> None:
    answer = await asking.client.request(method, f"/c/{LINK}")

    assert answer.status_code == 200
    assert not asking.accepted.records


async def test_the_page_asks_in_the_readers_language_and_the_shops_name(asking: World) -> None:
    german = await asking.client.get(f"/c/{LINK}", headers=GERMAN)
    english = await asking.client.get(f"/c/{LINK}")

    assert "Bitte bestätige deine Anmeldung" in german.text
    assert 'lang="de"' in german.text
    assert "Please confirm that you sign up" in english.text
    assert "Müller &amp; Söhne" in english.text
    assert f'<form method="post" action="../c/{LINK}"><button>' in english.text
    assert english.headers["Referrer-Policy"] == "no-referrer"
    assert english.headers["Cache-Control"] == "no-store"


async def test_the_button_is_in_the_log_when_it_is_answered(asking: World) -> None:
    answer = await asking.client.post(f"/c/{LINK}")

    assert answer.status_code == 200
    assert "Thank you" in answer.text
    ((key, event),) = asking.accepted.records
    said = event.payload(ConsentConfirmed)
    assert (key, event.subject, event.workspace) == (str(ANNA).encode(), str(ANNA), "demo")
    assert event.correlationid == MAIL.correlation
    assert (said.channel, said.purpose) == ("email", "marketing")
    assert (said.confirmed_at, said.asked_at) == (NOW, NOW - HOUR)
    assert (said.text_version, said.ip) == ("cart_abandonment/ask@v1", "127.0.0.1")
    assert not asking.commands.records
    assert not asking.withdrawals.records


async def test_a_button_that_is_pressed_twice_is_one_confirmation(asking: World) -> None:
    for _ in range(2):
        assert (await asking.client.post(f"/c/{LINK}")).status_code == 200

    (_, first), (_, second) = asking.accepted.records
    assert first.id == second.id == TOKEN.proof_id


@pytest.mark.parametrize("body", [b"", b"List-Unsubscribe=One-Click", b"\xff\xfe{}"])
async def test_the_button_takes_any_body_and_needs_no_cookie(asking: World, body: bytes) -> None:
    assert (await asking.client.post(f"/c/{LINK}", content=body)).status_code == 200


DOUBLE = {"basis": "double_opt_in"}
REFUSED = [
    (ASKED, signed(expires_at=NOW), 410, "has expired", "abgelaufen"),
    (standing(**DOUBLE), LINK, 409, "confirmed already", "schon bestätigt"),
    (standing(proof_id=TOKEN.proof_id, since=NOW - 9 * HOUR), LINK, 409, "already", "schon"),
    (standing(granted=False), LINK, 403, "in the meantime", "inzwischen abgemeldet"),
    (
        replace(ASKED, address=AddressStanding({"marketing": NOW})),
        LINK,
        403,
        "in the meantime",
        "inzwischen abgemeldet",
    ),
    (
        replace(ASKED, address=AddressStanding({"*": NOW})),
        LINK,
        403,
        "in the meantime",
        "inzwischen abgemeldet",
    ),
    (replace(ASKED, stop=PersonStop(transactional=False)), LINK, 403, "meantime", "inzwischen"),
    (
        replace(ASKED, address=AddressStanding(suppressed="bounced")),
        LINK,
        403,
        "meantime",
        "inzwischen",
    ),
    (replace(ASKED, address_hash="cd" * 16), LINK, 410, "another address", "andere Adresse"),
    (None, LINK, 404, "no longer here", "gibt es nicht mehr"),
    (ASKED, LINK[:-2] + "x", 404, "not complete", "nicht vollständig"),
    (ASKED, "x" * 900, 404, "not complete", "nicht vollständig"),
]


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize(("known", "link", "status", "english", "german"), REFUSED)
async def test_a_link_that_confirms_nothing_says_why(
    world: World,
    known: Asked | None,
    link: str,
    status: int,
    english: str,
    german: str,
    method: str,
) -> None:
    if known is not None:
        world.archive.askings[delivery_id()] = known

    told = await world.client.request(method, f"/c/{link}")
    in_german = await world.client.request(method, f"/c/{link}", headers=GERMAN)

    assert (told.status_code, in_german.status_code) == (status, status)
    assert english in told.text
    assert german in in_german.text
    assert not world.accepted.records


STILL_OPEN = [
    standing(granted=False, since=NOW - 2 * HOUR),
    standing(purpose="profiling", granted=False),
    standing(basis="consent"),
    standing(since=NOW - 2 * HOUR, **DOUBLE),
    replace(ASKED, address=AddressStanding({"marketing": NOW - 2 * HOUR})),
    replace(ASKED, address=AddressStanding({"profiling": NOW})),
]


@pytest.mark.parametrize("known", STILL_OPEN)
async def test_what_was_said_before_it_was_asked_or_of_something_else_does_not_hinder(
    world: World, known: Asked
) -> None:
    world.archive.askings[delivery_id()] = known

    assert (await world.client.post(f"/c/{LINK}")).status_code == 200


async def test_a_link_of_another_kind_or_secret_confirms_nothing(asking: World) -> None:
    mail = MailToken(
        workspace="demo",
        profile_id=ANNA,
        address_hash=HASH,
        channel="email",
        purpose="marketing",
        delivery_id=delivery_id(),
    )
    for link in (sign(mail, SECRETS), sign(TOKEN, [b"foreign-foreign-foreign"])):
        assert (await asking.client.post(f"/c/{link}")).status_code == 404
    assert (await asking.client.post(f"/u/{LINK}")).status_code == 404
    assert not asking.accepted.records


async def test_a_link_signed_by_an_older_secret_still_confirms(asking: World) -> None:
    assert (await asking.client.post(f"/c/{sign(TOKEN, SECRETS[1:])}")).status_code == 200


@pytest.mark.parametrize("which", ["accepted", "archive"])
async def test_while_something_is_away_nobody_is_told_that_it_worked(
    asking: World, which: str
) -> None:
    getattr(asking, which).away = True

    answer = await asking.client.post(f"/c/{LINK}")

    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "5"
    assert "did not work just now" in answer.text
    assert not asking.accepted.records


async def test_a_consent_of_another_purpose_is_confirmed_as_such(world: World) -> None:
    world.archive.askings[delivery_id()] = ASKED
    await world.client.post(f"/c/{signed(key='ads.profiling', expires_at=NOW + timedelta(days=1))}")

    ((_, event),) = world.accepted.records
    said = event.payload(ConsentConfirmed)
    assert (said.channel, said.purpose) == ("ads", "profiling")


async def test_every_button_is_counted_by_what_came_of_it(asking: World) -> None:
    def counted(outcome: str, workspace: str = "demo") -> float:
        labels = {"workspace": workspace, "outcome": outcome}
        return REGISTRY.get_sample_value("cuestream_confirmations_total", labels) or 0

    before = counted("accepted"), counted("expired"), counted("forged", "-")
    await asking.client.post(f"/c/{LINK}")
    await asking.client.get(f"/c/{LINK}")
    await asking.client.post(f"/c/{signed(expires_at=NOW)}")
    await asking.client.post("/c/x")

    after = counted("accepted"), counted("expired"), counted("forged", "-")
    assert [b - a for a, b in zip(before, after, strict=True)] == [1, 1, 1]
