"""Profiles and the index of enrollments on a real PostgreSQL, under the orchestrator's own role and migrations."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import timedelta
from typing import Any

import pytest

from common.consuming import Kept, TimerDue
from common.postgres import Database, migrate
from orchestrator.domain.state import ProfileState
from orchestrator.store import SCHEMA, JourneyBook
from services.orchestrator.tests.living import ANNA, START, Life

SIGNAL = TimerDue(3, "shop", ANNA, "any", START, ANNA)


@pytest.fixture
async def tables(database: Any) -> AsyncIterator[Database]:
    url = database.of(SCHEMA)
    await migrate("orchestrator.migrations", url)
    async with Database.connect(url, schema=SCHEMA, application_name="test") as connected:
        yield connected


async def write(tables: Database, book: JourneyBook, life: Life) -> None:
    async with tables.transaction() as tx:
        sheet = await book.load(tx, [SIGNAL])
        entry = sheet.entry(SIGNAL)
        entry.state = None if life.state is None else Kept(state=life.state)
        entry.now, entry.changed = life.now, True
        await book.save(tx, sheet)


async def read(tables: Database) -> ProfileState | None:
    async with tables.transaction() as tx:
        sheet = await JourneyBook().load(tx, [SIGNAL])
    kept = sheet.entry(SIGNAL).state
    return None if kept is None else kept.state


async def index(tables: Database) -> Sequence[Mapping[str, Any]]:
    return await tables.fetch("SELECT * FROM enrollments ORDER BY entered_at")


async def test_a_profile_comes_back_exactly_as_it_was(tables: Database) -> None:
    life = Life()
    life.adds("shoe", name="Shoe", price=12.5, currency="EUR")
    life.waits(timedelta(hours=1))
    life.does("Order Completed", order_id="o1")
    life.adds("sock", after=timedelta(microseconds=7))
    await write(tables, JourneyBook(), life)

    assert await read(tables) == life.state


async def test_the_index_knows_who_is_at_which_step(tables: Database) -> None:
    book, life = JourneyBook(), Life()
    life.adds()
    await write(tables, book, life)

    [row] = await index(tables)
    [enrollment] = life.state.enrollments if life.state else ()
    assert row["enrollment_id"] == enrollment.id
    assert (row["partition"], row["profile_id"], row["workspace"]) == (3, ANNA, "shop")
    assert (row["playbook"], row["version"], row["step"]) == (
        "cart_abandonment",
        enrollment.version,
        0,
    )
    assert row["entered_at"] == row["moved_at"] == START


async def test_a_wait_that_begins_anew_does_not_touch_the_index(tables: Database) -> None:
    book, life = JourneyBook(), Life()
    life.adds()
    await write(tables, book, life)
    life.adds("sock", after=timedelta(minutes=1))
    await write(tables, book, life)

    [row] = await index(tables)
    assert row["moved_at"] == START


async def test_an_enrollment_that_ends_leaves_the_index(tables: Database) -> None:
    book, life = JourneyBook(), Life()
    life.adds()
    await write(tables, book, life)
    life.does("Order Completed", order_id="o1")
    await write(tables, book, life)

    assert await index(tables) == []


async def test_a_profile_that_is_deleted_leaves_the_index(tables: Database) -> None:
    book, life = JourneyBook(), Life()
    life.adds()
    await write(tables, book, life)
    life.state = None
    await write(tables, book, life)

    assert await index(tables) == []
    assert await read(tables) is None
