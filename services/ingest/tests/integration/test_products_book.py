"""Products beside people on a real PostgreSQL: one sheet for both, and what one batch writes the next one knows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from common.consuming import Record
from common.contracts import Payload
from common.contracts.catalog import ProductChanged
from common.errors import PermanentError
from ingest.store import ResolveBook
from services.ingest.tests.integration.conftest import Registry, of_user
from services.ingest.tests.making import FOLDS, NOW, accepted, activities

BOOK = ResolveBook()


def offered(offset: int, product: str = "p1", subject: str = "", **more: Any) -> Record:
    message = {
        "type": "track",
        "event": "Product Updated",
        "properties": {"product_id": product, **more},
        "subject": subject or f"product:{product}",
    }
    at = NOW + timedelta(seconds=offset)
    return accepted(message, message_id=f"p{offset}", offset=offset, received_at=at)


def looked(offset: int) -> Record:
    message = {"type": "track", "userId": "u1", "event": "Looked"}
    return accepted(message, message_id=f"m{offset}", offset=offset)


async def batch(registry: Registry, *records: Record) -> list[Payload]:
    """One batch, committed, each signal folded on the entry that the sheet has for it."""
    async with registry.database.transaction() as tx:
        sheet = await BOOK.load(tx, records)
        assert sheet.draw is not None
        told: list[Payload] = []
        for record in records:
            entry = sheet.entry(record)
            done = FOLDS[record.event.type](entry.state, record, record.accepted_at)
            entry.state, entry.now, entry.changed = done.state, record.accepted_at, True
            told += [c.payload for c in done.consequences if c.payload is not None]
        await BOOK.save(tx, sheet)
    return told


def products(payloads: Sequence[Payload]) -> list[tuple[str, int, str | None, int | None]]:
    return [
        (p.product_id, p.version, p.name, p.stock)
        for p in payloads
        if isinstance(p, ProductChanged)
    ]


async def test_products_and_people_are_folded_together(registry: Registry) -> None:
    told = await batch(registry, offered(1, name="Mug"), looked(2), offered(3, "p2", name="Cup"))
    more = await batch(registry, offered(4, stock=3), offered(5, stock=2), looked(6))

    assert products(told) == [("p1", 1, "Mug", None), ("p2", 1, "Cup", None)]
    assert products(more) == [("p1", 2, "Mug", 3), ("p1", 3, "Mug", 2)]
    assert len(activities([*told, *more])) == 2
    assert await registry.owner("user", "u1") == of_user("u1")
    assert await registry.count("products") == 2
    assert await registry.count("profiles") == 1


async def test_what_came_under_another_key_changes_no_product(registry: Registry) -> None:
    with pytest.raises(PermanentError, match="misplaced_product"):
        await batch(registry, offered(1, subject="u1", name="Mug"))

    assert await registry.count("products") == 0


async def test_a_place_that_no_fold_took_is_given_up(registry: Registry) -> None:
    await batch(registry, offered(1, name="Mug"))
    odd, good = offered(2, "p2", available="perhaps"), offered(3, "p3", name="Cup")
    known = offered(4, available="perhaps")
    async with registry.database.transaction() as tx:
        sheet = await BOOK.load(tx, [odd, good, known])
        entry = sheet.entry(good)
        done = FOLDS[good.event.type](entry.state, good, NOW)
        entry.state, entry.now, entry.changed = done.state, NOW, True
        await BOOK.save(tx, sheet)

    assert await registry.count("products") == 2
    assert products(await batch(registry, offered(5, stock=1))) == [("p1", 2, "Mug", 1)]


async def test_a_part_of_a_sheet_is_saved_by_itself(registry: Registry) -> None:
    """As the runtime does to find the state that the database refuses."""
    records = [offered(1, name="Mug"), looked(2)]
    async with registry.database.transaction() as tx:
        sheet = await BOOK.load(tx, records)
        for record in records:
            entry = sheet.entry(record)
            done = FOLDS[record.event.type](entry.state, record, NOW)
            entry.state, entry.now, entry.changed = done.state, NOW, True
        for key, entry in sheet.entries.items():
            await BOOK.save(tx, replace(sheet, entries={key: entry}))

    assert products(await batch(registry, offered(3, stock=1))) == [("p1", 2, "Mug", 1)]
    assert await registry.owner("user", "u1") == of_user("u1")


async def test_what_cannot_be_read_is_told_where_it_is_folded(registry: Registry) -> None:
    bad = accepted({"type": "sing", "subject": "product:p1"}, message_id="bad", offset=9)
    async with registry.database.transaction() as tx:
        sheet = await BOOK.load(tx, [bad, offered(1, name="Mug")])
        with pytest.raises(PermanentError, match="unknown_call"):
            sheet.entry(bad)
