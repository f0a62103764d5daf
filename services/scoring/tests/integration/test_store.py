"""Lead standings on a real PostgreSQL, under scoring's own role and migrations."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from common.consuming import TimerDue
from common.ids import derive
from common.merging import Kept
from common.postgres import Database, migrate
from scoring.domain.lead import observe, wake
from scoring.domain.lead_model import DEFAULT_LEAD_MODEL
from scoring.domain.lead_score import LeadStanding
from scoring.handlers import DECAY_TIMER
from scoring.store import SCHEMA, lead_book

NOW = datetime(2026, 3, 1, 12, 0, 0, 123457, tzinfo=UTC)
ANNA, BERT = derive("test", "anna"), derive("test", "bert")


@pytest.fixture
async def tables(database: Any) -> AsyncIterator[Database]:
    url = database.of(SCHEMA)
    await migrate("scoring.migrations", url)
    async with Database.connect(url, schema=SCHEMA, application_name="test") as connected:
        yield connected


def due(profile: Any, workspace: str = "shop") -> TimerDue:
    return TimerDue(3, workspace, profile, DECAY_TIMER, NOW, profile)


async def test_a_standing_comes_back_exactly_as_it_was(tables: Database) -> None:
    standing = LeadStanding()
    for hours, kind in enumerate(("Product Added", "Page Viewed", "delivery: clicked")):
        now = NOW + timedelta(hours=hours)
        standing = observe(standing, kind, at=now, model=DEFAULT_LEAD_MODEL, now=now).standing
    standing = wake(standing, DEFAULT_LEAD_MODEL, now=NOW + timedelta(hours=3))
    book = lead_book()
    async with tables.transaction() as tx:
        sheet = await book.load(tx, [due(ANNA)])
        entry = sheet.entry(due(ANNA))
        entry.state, entry.now, entry.changed = Kept(state=standing), NOW, True
        await book.save(tx, sheet)
    async with tables.transaction() as tx:
        sheet = await book.load(tx, [due(ANNA), due(BERT), due(ANNA, workspace="other")])

    assert sheet.entry(due(ANNA)).state == Kept(state=standing)
    assert sheet.entry(due(ANNA)).now == NOW
    assert sheet.entry(due(BERT)).state is None
    assert sheet.entry(due(ANNA, workspace="other")).state is None


async def test_migrating_twice_changes_nothing(tables: Database, database: Any) -> None:
    before = await tables.fetch("SELECT id FROM incarnation")
    await migrate("scoring.migrations", database.of(SCHEMA))

    assert await tables.fetch("SELECT id FROM incarnation") == before


async def test_a_row_from_before_the_merges_is_read_as_a_standing(tables: Database) -> None:
    standing = observe(
        LeadStanding(), "Product Added", at=NOW, model=DEFAULT_LEAD_MODEL, now=NOW
    ).standing
    await tables.execute(
        "INSERT INTO profiles (partition, profile_id, workspace, now, schema, state)"
        " VALUES (3, $1, 'shop', $2, 1, $3)",
        ANNA,
        NOW,
        msgspec.json.encode(standing),
    )
    async with tables.transaction() as tx:
        sheet = await lead_book().load(tx, [due(ANNA)])

    assert sheet.entry(due(ANNA)).state == Kept(state=standing)
