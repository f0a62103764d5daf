"""What activities are called: Segment's e-commerce vocabulary, version 2, and how others call the same."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType

CANONICAL = (
    "Products Searched", "Product List Viewed", "Product List Filtered", "Promotion Viewed", "Promotion Clicked",
    "Product Clicked", "Product Viewed", "Product Added", "Product Removed", "Cart Viewed",
    "Checkout Started", "Checkout Step Viewed", "Checkout Step Completed", "Payment Info Entered",
    "Order Updated", "Order Completed", "Order Refunded", "Order Cancelled",
    "Coupon Entered", "Coupon Applied", "Coupon Denied", "Coupon Removed",
    "Product Added to Wishlist", "Product Removed from Wishlist", "Wishlist Product Added to Cart",
    "Product Shared", "Cart Shared", "Product Reviewed",
    "Page Viewed", "Screen Viewed", "Group Joined", "Consent Granted", "Consent Withdrawn",
    "Consent Requested", "Consent Confirmed",
)  # fmt: skip
"""Segment's e-commerce vocabulary, version 2, which is RudderStack's too, and our own names for calls that have none."""

GA4: Mapping[str, str] = {
    "search": "Products Searched",
    "view_search_results": "Products Searched",
    "view_item_list": "Product List Viewed",
    "view_promotion": "Promotion Viewed",
    "select_promotion": "Promotion Clicked",
    "select_item": "Product Clicked",
    "view_item": "Product Viewed",
    "add_to_cart": "Product Added",
    "remove_from_cart": "Product Removed",
    "view_cart": "Cart Viewed",
    "begin_checkout": "Checkout Started",
    "add_shipping_info": "Checkout Step Completed",
    "add_payment_info": "Payment Info Entered",
    "purchase": "Order Completed",
    "refund": "Order Refunded",
    "add_to_wishlist": "Product Added to Wishlist",
    "page_view": "Page Viewed",
    "screen_view": "Screen Viewed",
    "join_group": "Group Joined",
}
"""Google Analytics 4: its recommended events of a shop, and what its tags send by themselves."""

FORMER: Mapping[str, str] = {
    "Product Category Viewed": "Product List Viewed",
    "Product Added to Cart from Wishlist": "Wishlist Product Added to Cart",
    "Product Added from Wishlist to Cart": "Wishlist Product Added to Cart",
}
"""Names that Segment's own libraries take for the same."""

_ACTIONS = (
    "Searched", "Viewed", "Filtered", "Clicked", "Added", "Removed", "Started", "Completed", "Entered", "Updated",
    "Refunded", "Cancelled", "Applied", "Denied", "Shared", "Reviewed",
)  # fmt: skip
_SEPARATORS = re.compile(r"[\s_.\-]+")


def canonical_name(name: str) -> str | None:
    """The canonical name of what somebody calls so; None for a name that is in no vocabulary.

    Capitals and what stands between words do not count, nor whether the object or the action comes first: Segment's
    first version said `Viewed Product`, and its libraries take both.
    """
    return _BY_FOLDED.get(_folded(name))


def turned(name: str) -> str | None:
    """The name as the first version wrote it, the action before the object; None where it does not end in an action."""
    thing, _, action = name.rpartition(" ")
    return f"{action} {thing}" if thing and action in _ACTIONS else None


def _folded(name: str) -> str:
    return _SEPARATORS.sub("", name).casefold()


def _all() -> Iterator[tuple[str, str]]:
    for name, canonical in [*((name, name) for name in CANONICAL), *FORMER.items()]:
        yield name, canonical
        first = turned(name)
        if first is not None:
            yield first, canonical
    yield from GA4.items()


_BY_FOLDED: Mapping[str, str] = MappingProxyType({_folded(n): c for n, c in _all()})
