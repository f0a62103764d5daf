"""What a customer looked at and has not bought: whom a product's new price, or its being there again, concerns."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from msgspec.structs import replace

from common.contracts.decisions import ShelfNoticed
from common.contracts.profiles import ActivityRecorded
from common.customer.properties import identifier, major
from orchestrator.domain.occasion import Shelf
from orchestrator.domain.state import Viewed

LOOKED: Final = ("Product Viewed", "Product Clicked", "Product Added", "Product Added to Wishlist")
BOUGHT: Final = "Order Completed"
MOST: Final = 50
"""Products of one customer; the one looked at longest ago makes room."""
LASTS: Final = timedelta(days=180)


def looked_at(
    viewed: Mapping[str, Viewed], activity: ActivityRecorded, at: datetime
) -> Mapping[str, Viewed]:
    """The products after an activity that happened at that instant, in whatever order activities arrive."""
    if activity.name in LOOKED:
        product = identifier(activity.properties.get("product_id"))
        return viewed if not product else _bounded({**viewed, product: _later(viewed, product, at)})
    if activity.name == BOUGHT and viewed:
        bought = _bought(activity.properties)
        return {p: one for p, one in viewed.items() if p not in bought or one.at > at}
    return viewed


def told_of(viewed: Mapping[str, Viewed], shelf: Shelf) -> dict[str, Viewed]:
    """The products after the customer's journeys heard of a change of one of them."""
    known = viewed.get(shelf.product_id)
    if known is None:
        return dict(viewed)
    if shelf.change == "price_drop":
        heard = replace(known, priced=max(known.priced, shelf.version))
    else:
        heard = replace(known, stocked=max(known.stocked, shelf.version))
    return {**viewed, shelf.product_id: heard}


def noticed(viewed: Mapping[str, Viewed], change: ShelfNoticed) -> Shelf:
    """A change of a product as it concerns this customer; what was heard of already is not new."""
    known = viewed.get(change.product_id)
    heard = 0
    if known is not None:
        heard = known.priced if change.change == "price_drop" else known.stocked
    is_new = known is not None and change.version > heard
    return Shelf(
        change.change,
        change.product_id,
        change.version,
        _fell_by(change),
        known.at if known is not None and is_new else None,
    )


def _fell_by(change: ShelfNoticed) -> float:
    now, before = change.price, change.before
    if now is None or before is None or now.currency != before.currency or before.amount <= 0:
        return 0.0
    return 100 * (before.amount - now.amount) / before.amount


def united(ours: Mapping[str, Viewed], theirs: Mapping[str, Viewed]) -> dict[str, Viewed]:
    """What either of two who are one looked at, and was told of."""
    found = dict(ours)
    for product, one in theirs.items():
        own = found.get(product, one)
        found[product] = Viewed(
            max(own.at, one.at), max(own.priced, one.priced), max(own.stocked, one.stocked)
        )
    return _bounded(found)


def _later(viewed: Mapping[str, Viewed], product: str, at: datetime) -> Viewed:
    known = viewed.get(product)
    return Viewed(at) if known is None else replace(known, at=max(known.at, at))


def _bounded(viewed: dict[str, Viewed]) -> dict[str, Viewed]:
    if not viewed:
        return viewed
    newest = max(one.at for one in viewed.values())
    kept = sorted(viewed.items(), key=lambda item: (item[1].at, item[0]))[-MOST:]
    return dict(sorted((p, one) for p, one in kept if one.at + LASTS > newest))


def _bought(properties: Mapping[str, Any]) -> set[str]:
    products = properties.get("products")
    lines = [one for one in products if isinstance(one, dict)] if isinstance(products, list) else []
    found = (identifier(line.get("product_id")) for line in (*lines, properties))
    return {product for product in found if product}


def properties_of(change: ShelfNoticed) -> dict[str, Any]:
    """The change in the vocabulary of activities: prices as numbers in the currency, as shops send them."""
    said = {
        "product_id": change.product_id,
        "name": change.name,
        "url": change.url,
        "image_url": change.picture,
        "price": major(change.price),
        "value": major(change.before),
        "currency": change.price.currency if change.price is not None else None,
    }
    return {name: value for name, value in said.items() if value}
