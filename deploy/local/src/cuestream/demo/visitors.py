"""What the demo's visitors do: short scripts over time, drawn from a seed."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal

Kind = Literal[
    "abandons",
    "buys",
    "orders_when_due",
    "gives_no_consent",
    "empties_the_cart",
    "unsubscribes",
    "comes_anonymously",
    "changes_the_mind",
]

WEIGHTS: dict[Kind, int] = {
    "abandons": 40,
    "buys": 14,
    "orders_when_due": 14,
    "gives_no_consent": 7,
    "empties_the_cart": 6,
    "unsubscribes": 8,
    "comes_anonymously": 6,
    "changes_the_mind": 5,
}

PRODUCTS: tuple[dict[str, Any], ...] = (
    {"product_id": "lamp", "name": "Desk lamp “Lumen”", "price": 79.90},
    {"product_id": "kettle", "name": "Kettle 1.7 l", "price": 49.00},
    {"product_id": "chair", "name": "Reading chair", "price": 329.00},
    {"product_id": "beans", "name": "Espresso beans 1 kg", "price": 18.50},
    {"product_id": "radio", "name": "Kitchen radio", "price": 129.00},
    {"product_id": "shelf", "name": "Wall shelf, oak", "price": 64.00},
)
_GIVEN = ("Anna", "Ben", "Clara", "David", "Emma", "Felix", "Greta", "Hugo", "Ida", "Jonas")


@dataclass(frozen=True, slots=True)
class Visitor:
    """A person of the demo."""

    user: str
    kind: Kind
    first_name: str
    locale: str

    @property
    def address(self) -> str:
        return f"{self.user}@example.com"

    @property
    def anonymous(self) -> str:
        return f"anon-{self.user}"


@dataclass(frozen=True, slots=True)
class Step:
    """Something a visitor does, so long after arriving."""

    after: float
    visitor: Visitor
    call: Literal["identify", "track", "refuse"]
    """`refuse`: the one-click POST of the first mail, then a purchase and a second cart."""
    event: str = ""
    properties: tuple[tuple[str, Any], ...] = ()
    anonymously: bool = False


def draw_visitor(number: int, run: str, chance: random.Random) -> Visitor:
    kinds = list(WEIGHTS)
    kind = chance.choices(kinds, [WEIGHTS[k] for k in kinds])[0]
    return Visitor(
        user=f"demo-{run}-{number:04d}",
        kind=kind,
        first_name=chance.choice(_GIVEN),
        locale=chance.choice(("de", "en")),
    )


def script(visitor: Visitor, silence: timedelta, chance: random.Random) -> Iterator[Step]:
    """Everything the visitor does by plan; what depends on a mail comes later."""
    first, second = chance.sample(PRODUCTS, 2)
    rest = silence.total_seconds()
    hidden = visitor.kind == "comes_anonymously"
    if not hidden:
        yield Step(0.0, visitor, "identify")
    yield _track(0.1, visitor, "Product Viewed", first, hidden=hidden)
    added = 0.6
    yield _track(added, visitor, "Product Added", first, hidden=hidden)
    match visitor.kind:
        case "comes_anonymously":
            yield Step(2.0, visitor, "identify")
        case "buys":
            yield from order(chance.uniform(2, rest * 0.7), visitor)
        case "orders_when_due":
            # Within the second in which the reminder is due: just before, just after, or on the dot.
            yield from order(added + rest + chance.uniform(-1.0, 0.6), visitor)
        case "empties_the_cart":
            yield _track(4.0, visitor, "Product Removed", first, hidden=hidden)
        case "changes_the_mind":
            yield _track(added + rest * 0.6, visitor, "Product Added", second, hidden=hidden)
        case _:
            yield _track(1.2, visitor, "Product Added", second, hidden=hidden)


def order(after: float, visitor: Visitor) -> Iterator[Step]:
    yield Step(after, visitor, "track", "Order Completed", (("order_id", f"{visitor.user}-1"),))


def after_refusal(visitor: Visitor) -> Iterator[Step]:
    """Buys the first cart and fills a second one: nobody may write about that."""
    yield from order(0.0, visitor)
    yield _track(1.0, visitor, "Product Added", PRODUCTS[0], hidden=False)


def _track(
    after: float, visitor: Visitor, event: str, product: dict[str, Any], *, hidden: bool
) -> Step:
    properties = {
        **product,
        "currency": "EUR",
        "quantity": 1,
        "url": f"https://shop.example.com/p/{product['product_id']}",
    }
    return Step(after, visitor, "track", event, tuple(properties.items()), hidden)
