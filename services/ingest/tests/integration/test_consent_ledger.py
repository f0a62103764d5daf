"""The consent ledger on a real PostgreSQL: whatever proves a consent has a row of its own, and a merge loses none."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from common.consuming import Record
from ingest.domain.people import Rules, Statement, known_at
from services.ingest.tests.integration.conftest import Registry, of_user, of_visitor
from services.ingest.tests.making import NOW, accepted, activities, confirmation

MARKETING = {"channel": "email", "purpose": "marketing"}
ADS = {"channel": "ads", "purpose": "marketing"}
BANNER: dict[str, Any] = {"context": {"consent": {"categoryPreferences": {"Advertising": True}}}}


def said(what: str, hours: int, user: str | None = "u1", **more: Any) -> Record:
    who = {"userId": user} if user else {"anonymousId": "a1"}
    body: dict[str, Any] = {"type": "track", "event": f"Consent {what}", "properties": ADS}
    body |= who | more
    return accepted(body, message_id=f"{what} {hours}", received_at=NOW + timedelta(hours=hours))


def logged_in(hours: int) -> Record:
    body = {"type": "identify", "userId": "u1", "anonymousId": "a1"}
    return accepted(body, message_id="login", received_at=NOW + timedelta(hours=hours))


async def ledger(registry: Registry) -> list[Statement]:
    (profile,) = [
        one
        for one in (of_user("u1"), of_visitor("a1"))
        if await registry.directory.statements("demo", one)
    ]
    return list(await registry.directory.statements("demo", profile))


@pytest.mark.parametrize("order", [("Requested", "Confirmed"), ("Confirmed", "Requested")])
async def test_a_banner_a_confirmation_and_the_grant_of_one_event_have_a_row_each(
    registry: Registry, order: tuple[str, str]
) -> None:
    registry.rules = Rules(categories={"Advertising": ("ads.marketing",)})
    sent = {"Requested": said("Requested", 1), "Confirmed": said("Confirmed", 2, **BANNER)}
    for what in order:
        await registry.folds(sent[what])

    told = sorted((s.step or "", s.via, s.basis) for s in await ledger(registry))
    assert told == [
        ("", "preferences", "consent"),
        ("", "track", "double_opt_in"),
        ("confirmed", "track", "consent"),
        ("requested", "track", "consent"),
    ]


async def test_a_double_opt_in_that_meets_by_a_merge_is_in_the_winners_ledger(
    registry: Registry,
) -> None:
    await registry.folds(said("Requested", 1, user=None))
    await registry.folds(said("Confirmed", 2))
    await registry.folds(logged_in(3))

    found = await ledger(registry)
    assert [s.step for s in found] == ["requested", "confirmed", None]
    assert known_at(found, NOW + timedelta(hours=3))["ads.marketing"].basis == "double_opt_in"
    assert known_at(found, NOW + timedelta(hours=2)) == {}


async def test_the_button_of_a_link_is_in_the_ledger_once(registry: Registry) -> None:
    registry.rules = Rules()
    await registry.folds(said("Requested", 1, properties=MARKETING))
    asked_at = NOW + timedelta(hours=1)
    for hours in (2, 3):
        at = NOW + timedelta(hours=hours)
        await registry.folds(confirmation(of_user("u1"), at=at, asked_at=asked_at))

    found = await ledger(registry)
    assert [(s.step, s.via, s.ip) for s in found] == [
        ("requested", "track", None),
        ("confirmed", "link", "192.0.2.8"),
        (None, "link", "192.0.2.8"),
    ]
    (known,) = await registry.directory.profiles("demo", of_user("u1"))
    assert [(c.granted, c.basis) for c in known.contact.consents] == [(True, "double_opt_in")]


async def test_the_button_is_told_once_also_when_its_request_was_another_names(
    registry: Registry,
) -> None:
    await registry.folds(said("Requested", 1, user=None, properties=MARKETING))
    await registry.folds(said("Withdrawn", 1))
    asked_at, at = NOW + timedelta(hours=1), NOW + timedelta(hours=2)
    pressed = confirmation(of_user("u1"), at=at, asked_at=asked_at)
    records = (pressed, logged_in(3), pressed, logged_in(3))
    told = [activities(await registry.folds(record)) for record in records]

    (confirmed,) = told[1]
    assert [len(each) for each in told] == [0, 1, 0, 0]
    assert (confirmed.name, confirmed.properties) == ("Consent Confirmed", MARKETING)
    assert (confirmed.event_id, confirmed.occurred_at) == (pressed.event.id, at)
