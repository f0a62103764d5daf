"""What was noticed of products, and who looked at them, in memory; it passes the contract suite of its port."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from uuid import UUID

from orchestrator.ports.shelves import Item


class FakeShelf:
    """`Shelf` in memory."""

    def __init__(self) -> None:
        self.items: dict[tuple[str, str], Item] = {}
        self.taken = False
        self.people: dict[tuple[str, str], list[UUID]] = {}

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[bool]:
        mine, self.taken = not self.taken, True
        try:
            yield mine
        finally:
            self.taken = not mine

    async def known(self, workspace: str, products: Collection[str]) -> Mapping[str, Item]:
        return {p: self.items[workspace, p] for p in products if (workspace, p) in self.items}

    async def keep(self, workspace: str, items: Collection[Item]) -> None:
        for item in items:
            known = self.items.get((workspace, item.product_id))
            if known is None or known.version < item.version:
                self.items[workspace, item.product_id] = item

    async def interested(
        self, workspace: str, product_id: str, after: UUID | None, at_most: int
    ) -> Sequence[UUID]:
        found = sorted(self.people.get((workspace, product_id), []))
        return [one for one in found if after is None or one > after][:at_most]
