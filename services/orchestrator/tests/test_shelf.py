"""What the shelves' job may rely on: what was noticed last and who looked, in memory and on PostgreSQL."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import pytest

from common.contracts import Money
from common.postgres import Database, migrate
from orchestrator.ports.shelves import Item, Shelf
from orchestrator.store import SCHEMA, PostgresShelf
from services.orchestrator.tests.shelving import FakeShelf

PEOPLE = [
    ("shop", "p1", 1),
    ("shop", "p1", 2),
    ("shop", "p1", 3),
    ("shop", "p2", 4),
    ("other", "p1", 5),
]
LAMP = Item("p1", 2, Money(10_000, "EUR"), orderable=True)
_INSERT = (
    "INSERT INTO interests (partition, workspace, product_id, profile_id) VALUES (0, $1, $2, $3)"
)


@asynccontextmanager
async def stored(database: Any) -> AsyncIterator[Shelf]:
    url = database.of(SCHEMA)
    await migrate("orchestrator.migrations", url)
    async with Database.connect(url, schema=SCHEMA, application_name="test") as connected:
        for workspace, product, who in PEOPLE:
            await connected.execute(_INSERT, workspace, product, UUID(int=who))
        yield PostgresShelf(connected)


@pytest.fixture(params=["fake", pytest.param("real", marks=pytest.mark.integration)])
async def shelf(request: pytest.FixtureRequest) -> AsyncIterator[Shelf]:
    if request.param == "fake":
        fake = FakeShelf()
        for workspace, product, who in PEOPLE:
            fake.people.setdefault((workspace, product), []).append(UUID(int=who))
        yield fake
        return
    async with stored(request.getfixturevalue("database")) as real:
        yield real


async def test_what_was_noticed_last_is_known(shelf: Shelf) -> None:
    await shelf.keep("shop", [LAMP, Item("p2", 1, None, orderable=False)])

    assert await shelf.known("shop", ["p1", "p3"]) == {"p1": LAMP}
    assert await shelf.known("other", ["p1"]) == {}


async def test_an_older_version_changes_nothing(shelf: Shelf) -> None:
    newer = Item("p1", 3, Money(9_000, "EUR"), orderable=False)
    await shelf.keep("shop", [newer])
    await shelf.keep("shop", [LAMP])

    assert await shelf.known("shop", ["p1"]) == {"p1": newer}


async def test_who_looked_is_told_page_by_page(shelf: Shelf) -> None:
    first = await shelf.interested("shop", "p1", None, 2)
    rest = await shelf.interested("shop", "p1", first[-1], 2)

    assert [one.int for one in (*first, *rest)] == [1, 2, 3]
    assert list(await shelf.interested("shop", "p3", None, 2)) == []


async def test_it_is_one_process_turn_at_a_time(shelf: Shelf) -> None:
    async with shelf.turn() as mine, shelf.turn() as also:
        assert (mine, also) == (True, False)
    async with shelf.turn() as again:
        assert again
