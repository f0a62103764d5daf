"""Which properties may travel: a table of names, each with the form it must have."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ingest.domain.segment.scrubbing import scrub, scrub_identifier
from ingest.domain.vocabulary import (
    ABOUT_PROMOTIONS,
    EVENT,
    ONE_PRODUCT,
    PRODUCT,
    PROMOTION,
    Words,
)

_LONGEST = 1_000
"""Characters of a text; the rest is cut."""
_MOST = 200
"""Entries of a list; the rest is cut."""
_LARGEST = 2**63

Form = Callable[[object], Any]
"""Gives the value in the form that travels, or None when it has not this form."""


def _identifier(value: object) -> str | None:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)[:_LONGEST]
    return scrub_identifier(_clean(value)) if isinstance(value, str) and value else None


def _text(value: object) -> str | None:
    if isinstance(value, int | float) and not isinstance(value, bool):
        value = str(value)  # a phone number may come as one
    return scrub(_clean(value)) if isinstance(value, str) else None


def _number(value: object) -> int | float | None:
    """Shops send prices as text, too."""
    if isinstance(value, bool):
        return None
    if isinstance(value, str):
        try:
            value = float(value[:40])
        except ValueError:
            return None
    if isinstance(value, int) and abs(value) < _LARGEST:
        return value
    if not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def _flag(value: object) -> bool | None:
    return value if isinstance(value, bool) else None


def _texts(value: object) -> list[str] | None:
    if not isinstance(value, list):
        return None
    return [text for text in (_text(item) for item in value[:_MOST]) if text is not None]


def _items(table: Mapping[str, Form], *others: Mapping[str, str]) -> Form:
    words = Words(table, *others)

    def items(value: object) -> list[dict[str, Any]] | None:
        if not isinstance(value, list):
            return None
        return [_select(item, table, words) for item in value[:_MOST] if isinstance(item, dict)]

    return items


def _clean(text: str) -> str:
    return text[:_LONGEST].replace("\0", "")


def _select(values: Mapping[str, Any], table: Mapping[str, Form], words: Words) -> dict[str, Any]:
    """What has a name in the table and its form; where the canonical name is there, no other is looked at."""
    found: dict[str, Any] = {}
    for name, value in values.items():
        canonical = words.canonical(name)
        if canonical is None or (canonical != name and (canonical in values or canonical in found)):
            continue
        formed = table[canonical](value)
        if formed is not None:
            found[canonical] = formed
    return found


_PRODUCT: Mapping[str, Form] = {
    "product_id": _identifier,
    "sku": _identifier,
    "name": _text,
    "category": _text,
    "brand": _text,
    "variant": _text,
    "price": _number,
    "quantity": _number,
    "currency": _identifier,
    "discount": _number,
    "coupon": _identifier,
    "position": _number,
    "value": _number,
    "stock": _number,
    "url": _identifier,
    "image_url": _identifier,
}

ALLOWED: Mapping[str, Form] = {
    **_PRODUCT,
    "products": _items(_PRODUCT, PRODUCT),
    # lists, searches, promotions
    "list_id": _identifier,
    "query": _text,
    "filters": _items({"type": _text, "value": _text}),
    "sorts": _items({"type": _text, "value": _text}),
    "promotion_id": _identifier,
    "creative": _text,
    # cart, checkout, order
    "cart_id": _identifier,
    "checkout_id": _identifier,
    "step": _number,
    "shipping_method": _text,
    "payment_method": _text,
    "order_id": _identifier,
    "affiliation": _text,
    "total": _number,
    "subtotal": _number,
    "revenue": _number,
    "shipping": _number,
    "tax": _number,
    "coupon_id": _identifier,
    "coupon_name": _text,
    "reason": _text,
    # wish lists, shares, reviews
    "wishlist_id": _identifier,
    "wishlist_name": _text,
    "share_via": _text,
    "review_id": _identifier,
    "rating": _number,
    # pages
    "path": _text,
    "title": _text,
    # events to which people come
    "event_id": _identifier,
    "starts_at": _text,
    "ends_at": _text,
    "location": _text,
    # contents and contacts with sales and service
    "document_id": _identifier,
    "survey_id": _identifier,
    "webinar_id": _identifier,
    "campaign_id": _identifier,
    "case_id": _identifier,
    "invoice_id": _identifier,
    "deal_id": _identifier,
    "stage": _text,
    "call_id": _identifier,
    "refund_id": _identifier,
    "interests": _texts,
    "score": _number,
    "points": _number,
    "sentiment": _text,
    "status": _text,
    "repeat": _flag,
    # consents; their proof stays in the ledger
    "channel": _identifier,
    "purpose": _identifier,
    "basis": _identifier,
    "text_version": _identifier,
}
"""Segment's e-commerce vocabulary, version 2, and what our own activities say. Nothing else leaves ingest."""


PERSONAL = "x-personal"
"""In a tracking plan's schema: true for a property that stays in ingest."""
_MOST_PLANNED = 100
_LONGEST_NAME = 64

_OF_EVENT = Words(ALLOWED, EVENT)
_OF_ONE_PRODUCT = Words(ALLOWED, EVENT, PRODUCT)
_OF_PROMOTION = Words(ALLOWED, EVENT, PROMOTION)


def plannable(schemas: Mapping[str, Any]) -> tuple[str, ...]:
    """Which of the properties that a tracking plan describes may travel though no vocabulary has them."""
    return tuple(name for name, schema in schemas.items() if _may_travel(name, schema))[
        :_MOST_PLANNED
    ]


def _may_travel(name: str, schema: object) -> bool:
    if not 0 < len(name) <= _LONGEST_NAME or scrub(name) != name or "\0" in name:
        return False
    personal = isinstance(schema, dict) and schema.get(PERSONAL)
    return not personal and schema is not False and _OF_EVENT.canonical(name) is None


def allowed(
    properties: Mapping[str, Any], name: str, planned: Sequence[str] = ()
) -> dict[str, Any]:
    """The properties of an activity of that name that may travel, the vocabulary's before the planned ones."""
    known = _of_vocabulary(properties, name)
    for more in planned[:_MOST_PLANNED]:
        formed = _any(properties[more]) if more in properties and more not in known else None
        if formed is not None:
            known[more] = formed
    return known


def _any(value: object) -> Any:
    """A planned property in the form that its value has; the plan's schema has seen to its being the right one."""
    if isinstance(value, bool):
        return value
    if isinstance(value, str):
        return scrub(_clean(value))
    return _texts(value) if isinstance(value, list) else _number(value)


def _of_vocabulary(properties: Mapping[str, Any], name: str) -> dict[str, Any]:
    if name in ABOUT_PROMOTIONS:
        return _select(properties, ALLOWED, _OF_PROMOTION)
    if name not in ONE_PRODUCT:
        return _select(properties, ALLOWED, _OF_EVENT)
    return _lifted(_select(properties, ALLOWED, _OF_ONE_PRODUCT))


def _lifted(selected: dict[str, Any]) -> dict[str, Any]:
    """A list of one product is that product; what is said beside the list counts more."""
    products = selected.get("products")
    if not products or len(products) != 1 or "product_id" in selected or "sku" in selected:
        return selected
    rest = {name: value for name, value in selected.items() if name != "products"}
    return {**products[0], **rest}
