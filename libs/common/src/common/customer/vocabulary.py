"""The words that conditions may use about customers and activities, with their types."""

from __future__ import annotations

from collections.abc import Mapping

from common.conditions import (
    BOOL,
    DYN,
    INT,
    STRING,
    TIMESTAMP,
    Field,
    ListOf,
    MapOf,
    ObjectOf,
)

MONEY = ObjectOf("money", {"amount": Field(INT), "currency": Field(STRING)})
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
        "id": Field(STRING),
        "items": Field(ListOf(CART_ITEM)),
        "opened_at": Field(TIMESTAMP, nullable=True),
        "updated_at": Field(TIMESTAMP, nullable=True),
        "quantity": Field(INT),
        "value": Field(MONEY, nullable=True),
    },
)
ORDERS = ObjectOf(
    "orders",
    {
        "count": Field(INT),
        "revenue": Field(MapOf(INT)),
        "first_at": Field(TIMESTAMP, nullable=True),
        "last_at": Field(TIMESTAMP, nullable=True),
    },
)
CUSTOMER = ObjectOf(
    "customer",
    {
        "cart": Field(CART),
        "orders": Field(ORDERS),
        "counts": Field(MapOf(INT)),
        "first_seen": Field(TIMESTAMP, nullable=True),
        "last_seen": Field(TIMESTAMP, nullable=True),
        "consents": Field(MapOf(BOOL), attribute="consented"),
        "reachable": Field(ListOf(STRING)),
        "locale": Field(STRING, nullable=True),
        "time_zone": Field(STRING, nullable=True),
        "country": Field(STRING, nullable=True),
        "lead_score": Field(INT),
        "lead_grade": Field(STRING),
    },
)
CONTEXT = ObjectOf(
    "context",
    {
        "page_path": Field(STRING, nullable=True),
        "campaign": Field(MapOf(STRING), nullable=True),
        "locale": Field(STRING, nullable=True),
        "device_class": Field(STRING, nullable=True),
    },
)
ACTIVITY = ObjectOf(
    "event",
    {
        "name": Field(STRING),
        "source": Field(STRING),
        "message_id": Field(STRING),
        "occurred_at": Field(TIMESTAMP),
        "received_at": Field(TIMESTAMP),
        "properties": Field(MapOf(DYN)),
        "context": Field(CONTEXT),
    },
)
ROOTS: Mapping[str, Field] = {
    "customer": Field(CUSTOMER),
    "event": Field(ACTIVITY, nullable=True),
    "now": Field(TIMESTAMP),
}
"""What a journey's conditions may name; `event` is absent when the signal is not an activity."""
