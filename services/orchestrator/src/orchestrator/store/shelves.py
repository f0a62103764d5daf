"""`Shelf` on PostgreSQL."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from uuid import UUID

from common.contracts import Money
from common.postgres import Database
from orchestrator.ports.shelves import Item

_TURN = 0x6375_6578
"""The advisory lock of whose turn it is."""
_FIRST = UUID(int=0)
_KNOWN = """
SELECT product_id, version, amount, currency, orderable FROM shelf
WHERE workspace = $1 AND product_id = ANY($2::text[])
"""
_KEEP = """
INSERT INTO shelf AS s (workspace, product_id, version, amount, currency, orderable)
SELECT $1, * FROM unnest($2::text[], $3::bigint[], $4::bigint[], $5::text[], $6::boolean[])
ON CONFLICT (workspace, product_id) DO UPDATE SET
  version = excluded.version, amount = excluded.amount, currency = excluded.currency, orderable = excluded.orderable
WHERE s.version < excluded.version
"""
_INTERESTED = """
SELECT DISTINCT profile_id FROM interests
WHERE workspace = $1 AND product_id = $2 AND profile_id > $3 ORDER BY profile_id LIMIT $4
"""


class PostgresShelf:
    """The tables `shelf` and, written by the fold, `interests`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def turn(self) -> AbstractAsyncContextManager[bool]:
        """By an advisory lock."""
        return self._database.turn(_TURN)

    async def known(self, workspace: str, products: Collection[str]) -> Mapping[str, Item]:
        """By product id."""
        rows = await self._database.fetch(_KNOWN, workspace, list(products))
        found = {}
        for row in rows:
            price = None if row["amount"] is None else Money(row["amount"], row["currency"])
            found[row["product_id"]] = Item(
                row["product_id"], row["version"], price, row["orderable"]
            )
        return found

    async def keep(self, workspace: str, items: Collection[Item]) -> None:
        """With one statement."""
        ordered = sorted(items, key=lambda item: item.product_id)
        async with self._database.transaction() as tx:
            await tx.execute(
                _KEEP,
                workspace,
                [item.product_id for item in ordered],
                [item.version for item in ordered],
                [item.price.amount if item.price else None for item in ordered],
                [item.price.currency if item.price else None for item in ordered],
                [item.orderable for item in ordered],
            )

    async def interested(
        self, workspace: str, product_id: str, after: UUID | None, at_most: int
    ) -> Sequence[UUID]:
        """By the index."""
        rows = await self._database.fetch(
            _INTERESTED, workspace, product_id, after or _FIRST, at_most
        )
        return [row["profile_id"] for row in rows]
