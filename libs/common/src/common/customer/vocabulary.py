"""The words that conditions may use about customers, with their types."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from common.conditions import (
    BOOL,
    DURATION,
    INT,
    STRING,
    TIMESTAMP,
    Field,
    ListOf,
    MapOf,
    ObjectOf,
)
from common.customer.activities import ACTIVITY, Schema, activity, planned_properties

MONEY = ObjectOf(
    "money",
    {
        "amount": Field(INT, says="in the currency's minor unit, such as cents"),
        "currency": Field(STRING, says="such as `EUR`"),
    },
)
CART_ITEM = ObjectOf(
    "cart item",
    {
        "product_id": Field(STRING),
        "name": Field(STRING),
        "quantity": Field(INT),
        "price": Field(MONEY, nullable=True),
        "url": Field(STRING, nullable=True),
        "picture": Field(STRING, nullable=True),
    },
)
CART = ObjectOf(
    "cart",
    {
        "id": Field(STRING, says="empty when there is no cart"),
        "items": Field(ListOf(CART_ITEM), says="the lines, at most 50"),
        "opened_at": Field(TIMESTAMP, nullable=True, says="when its first item was added"),
        "updated_at": Field(TIMESTAMP, nullable=True, says="when it last changed"),
        "quantity": Field(INT, says="pieces in all lines"),
        "value": Field(MONEY, nullable=True, says="missing where a price is unknown"),
    },
)
ORDERS = ObjectOf(
    "orders",
    {
        "count": Field(INT, says="how many were ordered so far"),
        "revenue": Field(
            MapOf(INT), says="minor units by currency: `customer.orders.revenue['EUR']`"
        ),
        "first_at": Field(TIMESTAMP, nullable=True),
        "last_at": Field(TIMESTAMP, nullable=True),
    },
)
CUSTOMER = ObjectOf(
    "customer",
    {
        "cart": Field(CART),
        "orders": Field(ORDERS),
        "counts": Field(
            MapOf(INT), says="how often each activity happened: `customer.counts['Product Viewed']`"
        ),
        "first_seen": Field(TIMESTAMP, nullable=True),
        "last_seen": Field(TIMESTAMP, nullable=True),
        "rhythm": Field(
            DURATION, nullable=True, says="the median time from one active day to the next"
        ),
        "consents": Field(
            MapOf(BOOL),
            attribute="consented",
            says="by channel and purpose: `customer.consents['email.marketing']`",
        ),
        "reachable": Field(ListOf(STRING), says="the channels with a known address"),
        "locale": Field(STRING, nullable=True, says="such as `de-DE`"),
        "time_zone": Field(STRING, nullable=True, says="such as `Europe/Berlin`"),
        "country": Field(STRING, nullable=True, says="such as `DE`"),
        "birthday": Field(STRING, nullable=True, says="month and day, such as `02-29`"),
        "lead_score": Field(INT, says="0 to 100"),
        "lead_grade": Field(STRING),
    },
)
ROOTS: Mapping[str, Field] = {
    "customer": Field(CUSTOMER),
    "event": Field(ACTIVITY, nullable=True),
    "now": Field(
        TIMESTAMP, says="the instant of the event or timer that is looked at, not a wall clock's"
    ),
}
"""What a journey's conditions may name; `event` is absent when the signal is not an activity."""

PUBLISHED_ROOTS: Mapping[str, Field] = {
    **ROOTS,
    "event": Field(activity(is_open=True), nullable=True),
}
"""For what was checked when it was published, by the tracking plan of its time."""


def roots_of(schemas: Sequence[Schema]) -> Mapping[str, Field]:
    """The roots where the activity is one that a tracking plan describes so."""
    event = Field(activity(planned_properties(schemas)), nullable=True)
    return {**ROOTS, "event": event}
