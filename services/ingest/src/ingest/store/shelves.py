"""The book of resolve as a whole: people, and beside them the products of the catalog."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field, replace

import msgspec
from typing_extensions import override

from common.consuming import Book, Entry, Record, Sheet, Signal, Transaction
from common.contracts.ingestion import EventAccepted
from common.errors import PermanentError
from ingest.domain.catalog.naming import PREFIX
from ingest.domain.catalog.state import Product
from ingest.domain.people import People
from ingest.handlers import touched
from ingest.store.book import PeopleBook, PeopleSheet
from ingest.store.loading import columns

ProductKey = tuple[str, str]
"""Workspace, product id."""
_KIND = "product"

PLACE_PRODUCTS = """
INSERT INTO products (workspace, product_id, version, record)
SELECT workspace, product_id, 0, '{}'::json FROM unnest($1::text[], $2::text[]) AS new (workspace, product_id)
ORDER BY workspace, product_id
ON CONFLICT DO NOTHING
RETURNING workspace, product_id
"""
"""A row holds the place of a product that is not known yet: only a row can be locked."""

LOCK_PRODUCTS = """
SELECT workspace, product_id, record FROM products
JOIN unnest($1::text[], $2::text[]) AS wanted (workspace, product_id) USING (workspace, product_id)
ORDER BY workspace, product_id
FOR UPDATE OF products
"""

SAVE_PRODUCTS = """
UPDATE products SET version = new.version, record = new.record
FROM unnest($1::text[], $2::text[], $3::int[], $4::json[]) AS new (workspace, product_id, version, record)
WHERE products.workspace = new.workspace AND products.product_id = new.product_id
"""

CLEAR_PRODUCTS = """
DELETE FROM products
USING unnest($1::text[], $2::text[]) AS unused (workspace, product_id)
WHERE products.workspace = unused.workspace AND products.product_id = unused.product_id
  AND products.version = 0
"""

_decode = msgspec.json.Decoder(Product).decode
_encode = msgspec.json.Encoder().encode


@dataclass(slots=True)
class ResolveSheet(Sheet[People]):
    """The sheet of the people, and which of its entries are products."""

    people: PeopleSheet | None = None
    products: dict[ProductKey, Hashable] = field(default_factory=dict)
    places: set[ProductKey] = field(default_factory=set)
    """Rows that this batch placed; those that no fold took are given up."""


class ResolveBook(Book[People]):
    """Loads products first: the draw that orders the batches follows the last lock, which is one of the people's."""

    def __init__(self) -> None:
        self._people = PeopleBook()

    @override
    async def load(self, tx: Transaction, signals: Sequence[Signal]) -> ResolveSheet:
        keyed = [(signal, product_key(signal)) for signal in signals]
        keys = sorted({key for _, key in keyed if key is not None})
        products, places = await _load(tx, keys) if keys else ({}, set())
        people = await self._people.load(tx, [signal for signal, key in keyed if key is None])

        def key_of(signal: Signal) -> Hashable:
            key = product_key(signal)
            return people.key_of(signal) if key is None else (_KIND, *key)

        return ResolveSheet(
            entries={**people.entries, **products},
            key_of=key_of,
            draw=people.draw,
            people=people,
            products={key: (_KIND, *key) for key in keys},
            places=places,
        )

    @override
    async def save(self, tx: Transaction, sheet: Sheet[People]) -> None:
        if not isinstance(sheet, ResolveSheet) or sheet.people is None:
            raise TypeError("a sheet of another book")
        shelved = set(sheet.products.values())
        rows = [
            (workspace, product_id, product.version, _encode(product).decode())
            for (workspace, product_id), key in sorted(sheet.products.items())
            if (entry := sheet.entries.get(key)) is not None and entry.changed and entry.state
            for product in (entry.state.products[product_id],)
        ]
        if rows:
            await tx.execute(SAVE_PRODUCTS, *columns(rows, 4))
        taken = {(workspace, product_id) for workspace, product_id, *_ in rows}
        # The runtime may save a part of a sheet by itself: of the others nothing is known yet.
        unused = sorted(key for key in sheet.places - taken if sheet.products[key] in sheet.entries)
        if unused:
            await tx.execute(CLEAR_PRODUCTS, *columns(unused, 2))
        theirs = {key: entry for key, entry in sheet.entries.items() if key not in shelved}
        await self._people.save(tx, replace(sheet.people, entries=theirs))


def product_key(signal: Signal) -> ProductKey | None:
    """The product that a signal is about. Only what was appended under a product's key can be about one: that keeps its order."""
    if not isinstance(signal, Record) or signal.event.type != EventAccepted.TYPE:
        return None
    if not signal.event.subject.startswith(PREFIX):
        return None
    try:
        product = touched(signal).product
    except PermanentError:
        return None  # its fold will raise the same
    return None if product is None else (signal.workspace, product)


async def _load(
    tx: Transaction, wanted: Sequence[ProductKey]
) -> tuple[dict[Hashable, Entry[People]], set[ProductKey]]:
    """The products, and which of them were not known."""
    placed = await tx.fetch(PLACE_PRODUCTS, *columns(wanted, 2))
    rows = await tx.fetch(LOCK_PRODUCTS, *columns(wanted, 2))
    found: dict[Hashable, Entry[People]] = {}
    for row in rows:
        workspace, product_id = str(row["workspace"]), str(row["product_id"])
        people = People(workspace, products={product_id: _decode(str(row["record"]))})
        found[_KIND, workspace, product_id] = Entry(people, None)
    return found, {(str(row["workspace"]), str(row["product_id"])) for row in placed}
