"""The view of one profile that conditions, journeys and segments read."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from itertools import pairwise
from statistics import median
from uuid import UUID

import msgspec

from common.contracts import Money
from common.contracts.actions import CartItem

CART_LIFETIME = timedelta(days=7)
MAX_LINES = 50
MAX_OPERATIONS = 200
MAX_NAMES = 100
MAX_ORDERS = 20
MAX_QUANTITY = 9_999
MAX_DAYS = 20


class Change(StrEnum):
    """What an operation does to a cart."""

    ADD = "add"
    REMOVE = "remove"
    REPLACE = "replace"
    ORDER = "order"


class CartOperation(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """One thing that happened to the cart; the cart is the fold over these in order of time and event id."""

    at: datetime
    event_id: UUID
    change: Change
    lines: tuple[CartItem, ...] = ()
    cart_id: str = ""
    """What the shop calls the cart, if it does."""

    @property
    def place(self) -> tuple[datetime, UUID]:
        return self.at, self.event_id


class Cart(msgspec.Struct, frozen=True, omit_defaults=True):
    """What lies in the cart; it lives from its first add until an order, until emptied, or 7 d."""

    id: str = ""
    """The shop's `cart_id`, else the event id of the operation that opened it; empty only when there is no cart."""
    items: tuple[CartItem, ...] = ()
    opened_at: datetime | None = None
    updated_at: datetime | None = None

    @property
    def quantity(self) -> int:
        return sum(item.quantity for item in self.items)

    @property
    def value(self) -> Money | None:
        """The sum of all lines; None where a price is unknown or currencies differ."""
        prices = [item.price for item in self.items]
        known = [price for price in prices if price is not None]
        if not known or len(known) < len(prices) or len({p.currency for p in known}) > 1:
            return None
        total = sum(
            price.amount * item.quantity for price, item in zip(known, self.items, strict=True)
        )
        return Money(total, known[0].currency)


class RecentOrder(msgspec.Struct, frozen=True, omit_defaults=True):
    """One order as it was first told."""

    id: str
    at: datetime
    money: Money | None = None
    """What it added to the revenue."""


class Orders(msgspec.Struct, frozen=True, omit_defaults=True):
    """What was ordered so far."""

    count: int = 0
    revenue: dict[str, int] = msgspec.field(default_factory=dict)
    """Minor units by ISO 4217 code."""
    first_at: datetime | None = None
    last_at: datetime | None = None
    recent: tuple[RecentOrder, ...] = ()
    """The newest orders that have an id, so that one told by browser and server counts once."""


class ConsentStanding(msgspec.Struct, frozen=True):
    """How one consent stands and by which profile version we know."""

    granted: bool
    since: datetime
    version: int


class Customer(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """Everything a condition may ask about one profile; bounded, without PII."""

    cart: Cart = Cart()
    orders: Orders = msgspec.field(default_factory=Orders)
    counts: dict[str, int] = msgspec.field(default_factory=dict)
    """How often each activity happened, for the first 100 names."""
    first_seen: datetime | None = None
    last_seen: datetime | None = None
    active_days: tuple[int, ...] = ()
    """The newest days on which they did something, by number (days since 1970, UTC), sorted."""
    consents: dict[str, ConsentStanding] = msgspec.field(default_factory=dict)
    """By `channel.purpose`, such as `email.marketing`."""
    reachable: tuple[str, ...] = ()
    """The channels for which an address is known."""
    locale: str | None = None
    time_zone: str | None = None
    country: str | None = None
    birthday: str | None = None
    """Month and day, such as `02-29`."""
    traits_version: int = 0
    lead_score: int = 0
    lead_grade: str = ""
    cart_operations: tuple[CartOperation, ...] = ()
    """The cart's memory: what operations that arrive late are sorted into."""

    @property
    def consented(self) -> dict[str, bool]:
        """The consents as conditions see them."""
        return {name: standing.granted for name, standing in self.consents.items()}

    def consents_to(self, channel: str, purpose: str) -> bool:
        """Whether a yes is known; silence is a no."""
        standing = self.consents.get(f"{channel}.{purpose}")
        return standing is not None and standing.granted

    @property
    def rhythm(self) -> timedelta | None:
        """The median time from one active day to the next; None until there were three of them."""
        gaps = sorted(later - day for day, later in pairwise(self.active_days))
        return timedelta(days=median(gaps)) if len(gaps) > 1 else None
