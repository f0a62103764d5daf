"""What activities are called."""

from __future__ import annotations

from common.errors import PermanentError
from ingest.domain.segment.calls import Call
from ingest.domain.segment.scrubbing import scrub

CANONICAL = (
    "Products Searched", "Product List Viewed", "Product List Filtered", "Promotion Viewed", "Promotion Clicked",
    "Product Clicked", "Product Viewed", "Product Added", "Product Removed", "Cart Viewed",
    "Checkout Started", "Checkout Step Viewed", "Checkout Step Completed", "Payment Info Entered",
    "Order Updated", "Order Completed", "Order Refunded", "Order Cancelled",
    "Coupon Entered", "Coupon Applied", "Coupon Denied", "Coupon Removed",
    "Product Added to Wishlist", "Product Removed from Wishlist", "Wishlist Product Added to Cart",
    "Product Shared", "Cart Shared", "Product Reviewed",
    "Page Viewed", "Screen Viewed", "Group Joined", "Consent Granted", "Consent Withdrawn",
)  # fmt: skip
"""Segment's e-commerce vocabulary, version 2, and our own names for calls that have none."""

CONSENT_GRANTED, CONSENT_WITHDRAWN = "Consent Granted", "Consent Withdrawn"
_BY_FOLDED_NAME = {name.casefold(): name for name in CANONICAL}
_OF_CALLS = {"page": "Page Viewed", "screen": "Screen Viewed", "group": "Group Joined"}
_LONGEST = 200


def activity_name(call: Call) -> str | None:
    """The canonical name of what was done; None when the call says who somebody is, not what they did.

    A name outside of the vocabulary is a custom activity. It is a free text, so it is scrubbed.

    Raises:
        PermanentError: `no_event_name`, a track call without one.
    """
    if call.kind != "track":
        return _OF_CALLS.get(call.kind)
    name = " ".join(call.event.replace("\0", "").split())
    if not name:
        raise PermanentError("no_event_name", "a track call needs `event`")
    return _BY_FOLDED_NAME.get(name.casefold()) or scrub(name)[:_LONGEST]
