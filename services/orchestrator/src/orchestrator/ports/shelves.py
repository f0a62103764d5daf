"""What products cost, whether they can be ordered, and who looked at them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from common.contracts import Money
from common.contracts.catalog import ProductChanged


@dataclass(frozen=True, slots=True)
class Item:
    """A product as it was noticed last."""

    product_id: str
    version: int
    price: Money | None
    orderable: bool

    @classmethod
    def of(cls, product: ProductChanged) -> Item:
        """As the catalog has it: what says nothing of it can be ordered."""
        orderable = product.available
        if orderable is None:
            orderable = product.stock is None or product.stock > 0
        return cls(product.product_id, product.version, product.price, orderable)


@dataclass(frozen=True, slots=True)
class Notice:
    """A product as the catalog tells of it."""

    workspace: str
    product: ProductChanged


class CatalogFeed(Protocol):
    """The catalog, whole from the beginning, then as it changes."""

    def follow(self) -> AsyncIterator[Sequence[Notice]]:
        """Batch by batch, for as long as one asks; raises TransientError when the log cannot be reached."""
        ...


class Shelf(Protocol):
    """What was noticed last, and the index of interests; any call may raise TransientError."""

    def turn(self) -> AbstractAsyncContextManager[bool]:
        """Whether it is this process's turn, until the body ends; otherwise another one is at it."""
        ...

    async def known(self, workspace: str, products: Collection[str]) -> Mapping[str, Item]:
        """Those of the products that were noticed before."""
        ...

    async def keep(self, workspace: str, items: Collection[Item]) -> None:
        """Remember them; an older version changes nothing."""
        ...

    async def interested(
        self, workspace: str, product_id: str, after: UUID | None, at_most: int
    ) -> Sequence[UUID]:
        """The profiles that looked at a product and have not bought it, in the order of their ids."""
        ...
