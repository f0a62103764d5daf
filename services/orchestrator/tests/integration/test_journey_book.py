"""Profiles and the index of enrollments on a real PostgreSQL, under the orchestrator's own role and migrations."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from common.consuming import TimerDue
from common.merging import Kept
from common.postgres import Database, migrate
from orchestrator.domain.state import ProfileState
from orchestrator.store import SCHEMA, JourneyBook
from services.orchestrator.tests.living import (
    ANNA,
    CART_ABANDONMENT,
    START,
    VISITOR,
    Life,
    configuration,
    playbook,
)

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


async def test_the_index_knows_whom_a_pause_holds(tables: Database) -> None:
    book, life = JourneyBook(), Life()
    life.adds()
    await write(tables, book, life)
    shop = playbook("cart_abandonment", CART_ABANDONMENT)
    life.publishes(configuration(shop, paused=("cart_abandonment",)))
    life.waits(timedelta(hours=1))
    await write(tables, book, life)

    [row] = await index(tables)
    assert row["held"]


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


async def test_what_leaves_with_a_merged_profile_leaves_the_index(tables: Database) -> None:
    book, life = JourneyBook(), Life()
    life.adds()
    await write(tables, book, life)
    async with tables.transaction() as tx:
        sheet = await book.load(tx, [SIGNAL])
        entry = sheet.entry(SIGNAL)
        entry.state, entry.changed = Kept(merged_into=VISITOR, version=2, moved=True), True
        await book.save(tx, sheet)

    assert await index(tables) == []
    async with tables.transaction() as tx:
        kept = (await JourneyBook().load(tx, [SIGNAL])).entry(SIGNAL).state
    assert kept == Kept(merged_into=VISITOR, version=2, moved=True)


async def test_a_row_from_before_the_merges_is_read_with_all_that_it_had(tables: Database) -> None:
    life = Life()
    life.does("Order Completed", order_id="o1", total=10, currency="EUR")
    life.adds("shoe")
    assert life.state is not None
    old = msgspec.json.decode(msgspec.json.encode(life.state))
    del old["customer"]["orders"]["recent"]
    old["customer"]["orders"]["recent_ids"] = ["o1"]
    del old["heard"]
    await tables.execute(
        "INSERT INTO profiles (partition, profile_id, workspace, now, schema, state)"
        " VALUES (3, $1, 'shop', $2, 1, $3)",
        ANNA,
        START,
        msgspec.json.encode(old),
    )

    found = await read(tables)
    assert found is not None
    assert found.enrollments == life.state.enrollments
    assert found.customer.cart == life.state.customer.cart
    assert [order.id for order in found.customer.orders.recent] == ["o1"]
    assert found.customer.orders.revenue == {"EUR": 1000}
