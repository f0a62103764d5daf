"""What properties are called in other vocabularies; the canonical names are Segment's."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

EVENT: Mapping[str, str] = {
    "items": "products",
    "transaction_id": "order_id",
    "search_term": "query",
    "item_list_id": "list_id",
    "item_list_name": "category",
    "payment_type": "payment_method",
    "shipping_tier": "shipping_method",
    "page_path": "path",
    "page_title": "title",
}
"""GA4's parameters of an event."""

PRODUCT: Mapping[str, str] = {
    "item_id": "product_id",
    "item_name": "name",
    "item_brand": "brand",
    "item_category": "category",
    "item_variant": "variant",
    "index": "position",
    "id": "product_id",
}
"""GA4's parameters of an item; last what Segment's first version called a product's id."""

PROMOTION: Mapping[str, str] = {"promotion_name": "name", "creative_name": "creative"}
"""GA4's parameters of a promotion."""

ONE_PRODUCT = frozenset({
    "Product Clicked", "Product Viewed", "Product Added", "Product Removed", "Product Added to Wishlist",
    "Product Removed from Wishlist", "Wishlist Product Added to Cart", "Product Shared", "Product Reviewed",
})  # fmt: skip
"""Activities whose properties are those of one product; GA4 says it as a list of one item."""
ABOUT_PROMOTIONS = frozenset({"Promotion Viewed", "Promotion Clicked"})

_SEPARATORS = re.compile(r"[_\-\s]+")
_LONGEST = 64


class Words:
    """Finds the canonical name of a property, also when it is written as `productId`."""

    def __init__(self, canonical: Mapping[str, object], *others: Mapping[str, str]) -> None:
        folded = {_folded(name): name for name in canonical}
        for other in others:
            folded = {**{_folded(name): meant for name, meant in other.items()}, **folded}
        self._canonical = frozenset(canonical)
        self._folded = MappingProxyType(folded)

    def canonical(self, name: str) -> str | None:
        """None for a name that means nothing here."""
        if name in self._canonical:
            return name
        return self._folded.get(_folded(name)) if len(name) <= _LONGEST else None


def _folded(name: str) -> str:
    return _SEPARATORS.sub("", name).casefold()
