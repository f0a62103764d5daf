"""What the admin api may rely on: keys, audit and roster in memory, and on PostgreSQL."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
import pytest

from common.customer import Customer
from common.errors import PermanentError
from common.merging import Kept
from common.postgres import Database, migrate
from orchestrator.domain.state import ProfileState
from orchestrator.ports.administration import Administration, AdminKey, Deed
from orchestrator.ports.publication import UnderWay
from orchestrator.ports.roster import Guest, Place, Roster
from orchestrator.store import SCHEMA, STATE_SCHEMA, PostgresAdministration, PostgresRoster
from services.orchestrator.tests.steering import FakeAdministration, FakeRoster

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def guest(number: int, version: str, step: int, *, held: bool = False) -> Guest:
    who = UUID(int=number)
    return Guest(who, UUID(int=100 + number), version, step, NOW, NOW + HOUR, held)


PASSAGES = [
    ("shop", "cart", guest(1, "a", 0)),
    ("shop", "cart", guest(2, "a", 2, held=True)),
    ("shop", "cart", guest(3, "b", 0)),
    ("shop", "cart", guest(4, "a", 0)),
    ("shop", "welcome", guest(5, "a", 0)),
    ("other", "cart", guest(6, "a", 0)),
]
CUSTOMERS = {
    ("shop", UUID(int=1)): Customer(lead_score=10),
    ("shop", UUID(int=2)): None,
    ("shop", UUID(int=3)): Customer(lead_score=30),
    ("other", UUID(int=4)): Customer(),
}
KEY = AdminKey("ci", "ab" * 32, ("read", "publish"), NOW, "key:first")


@dataclass
class Desk:
    administration: Administration
    roster: Roster


_PASSAGE = """
INSERT INTO enrollments
  (partition, workspace, playbook, profile_id, enrollment_id, version, step, entered_at, moved_at, held)
VALUES (0, $1, $2, $3, $4, $5, $6, $7, $8, $9)
"""
_PROFILE = """
INSERT INTO profiles (partition, workspace, profile_id, now, schema, state) VALUES (0, $1, $2, $3, $4, $5)
"""


@asynccontextmanager
async def stored(database: Any) -> AsyncIterator[Desk]:
    url = database.of(SCHEMA)
    await migrate("orchestrator.migrations", url)
    async with Database.connect(url, schema=SCHEMA, application_name="test") as connected:
        for where, playbook, one in PASSAGES:
            row = (one.profile_id, one.enrollment_id, one.version, one.step, one.entered_at)
            await connected.execute(_PASSAGE, where, playbook, *row, one.moved_at, one.held)
        for (where, who), customer in CUSTOMERS.items():
            state = None if customer is None else ProfileState(customer=customer)
            kept = msgspec.json.encode(Kept[ProfileState](state=state))
            await connected.execute(_PROFILE, where, who, NOW, STATE_SCHEMA, kept)
        yield Desk(PostgresAdministration(connected), PostgresRoster(connected))


@pytest.fixture(params=["fake", pytest.param("real", marks=pytest.mark.integration)])
async def desk(request: pytest.FixtureRequest) -> AsyncIterator[Desk]:
    if request.param == "fake":
        roster = FakeRoster()
        roster.passages, roster.people = list(PASSAGES), dict(CUSTOMERS)
        yield Desk(FakeAdministration(), roster)
        return
    async with stored(request.getfixturevalue("database")) as real:
        yield real


async def test_a_key_is_found_by_its_hash_until_it_is_revoked(desk: Desk) -> None:
    keys = desk.administration
    await keys.create(KEY)
    assert await keys.key(KEY.sha256) == KEY
    assert await keys.key("cd" * 32) is None

    assert await keys.revoke("ci", by="key:first", at=NOW + HOUR)
    assert await keys.key(KEY.sha256) is None
    assert not await keys.revoke("ci", by="key:first", at=NOW + HOUR)
    assert [key.revoked_at for key in await keys.keys()] == [NOW + HOUR]


async def test_a_keys_name_is_given_once(desk: Desk) -> None:
    await desk.administration.create(KEY)

    with pytest.raises(PermanentError) as raised:
        await desk.administration.create(KEY)

    assert raised.value.reason == "key_exists"


async def test_what_was_done_is_told_the_newest_first(desk: Desk) -> None:
    keys = desk.administration
    await keys.create(KEY)
    await keys.note(Deed(NOW + HOUR, "key:ci", "enrollments.requested", {"playbook": "cart"}))
    await keys.revoke("ci", by="key:first", at=NOW + 2 * HOUR)

    told = await keys.deeds(None, 10)
    assert [deed.what for deed in told] == ["key.revoked", "enrollments.requested", "key.created"]
    assert told[1] == Deed(NOW + HOUR, "key:ci", "enrollments.requested", {"playbook": "cart"})
    assert list(await keys.deeds(NOW + HOUR, 10)) == [told[2]]
    assert list(await keys.deeds(None, 1)) == [told[0]]


async def test_passages_are_counted_by_step(desk: Desk) -> None:
    assert list(await desk.roster.under_way("shop")) == [
        UnderWay("shop", "cart", "a", 0, 0, 2),
        UnderWay("shop", "cart", "a", 2, 1, 1),
        UnderWay("shop", "cart", "b", 0, 0, 1),
        UnderWay("shop", "welcome", "a", 0, 0, 1),
    ]
    assert len(await desk.roster.under_way(None)) == 5


async def test_people_are_told_page_by_page(desk: Desk) -> None:
    async def page(step: int | None, after: tuple[UUID, UUID] | None) -> list[Guest]:
        return list(
            await desk.roster.guests("shop", "cart", version="a", step=step, after=after, at_most=2)
        )

    first = await page(None, None)
    last = (first[-1].profile_id, first[-1].enrollment_id)
    assert first == [PASSAGES[0][2], PASSAGES[1][2]]
    assert await page(None, last) == [PASSAGES[3][2]]
    assert await page(2, None) == [PASSAGES[1][2]]


async def test_customers_are_told_page_by_page_and_who_was_merged_has_no_view(desk: Desk) -> None:
    first = await desk.roster.customers("shop", None, 2)
    assert [(place.profile_id.int, c and c.lead_score) for place, c in first] == [
        (1, 10),
        (2, None),
    ]
    ((place, customer),) = await desk.roster.customers("shop", first[-1][0], 2)
    assert (place, customer and customer.lead_score) == (Place(0, UUID(int=3)), 30)
