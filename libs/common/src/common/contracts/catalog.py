"""What is for sale."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from common.contracts.payload import Money, Payload


class ProductChanged(Payload, frozen=True, kw_only=True):
    """A product as it stands, whole; a tombstone means that it is no longer there."""

    TYPE: ClassVar[str] = "product.changed.v1"
    TOPICS: ClassVar[tuple[str, ...]] = ("catalog.products",)

    product_id: str
    version: int
    """Readers keep the highest."""
    changed_at: datetime
    """Of the newest that was said of it."""
    name: str | None = None
    price: Money | None = None
    """In the currency `XXX` where nobody said which."""
    margin: Money | None = None
    stock: int | None = None
    available: bool | None = None
    """Whether it can be ordered; without it, the stock tells."""
    category: str | None = None
    brand: str | None = None
    sku: str | None = None
    url: str | None = None
    picture: str | None = None
    related: tuple[str, ...] = ()
    """Products that others also bought, nearest first; the catalog itself knows none."""
