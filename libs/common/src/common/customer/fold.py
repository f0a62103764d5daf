"""One pure fold per payload: how an event changes what we know of a customer."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from msgspec.structs import replace

from common.contracts import Money, Payload
from common.contracts.profiles import ActivityRecorded, ConsentChanged, LeadScored, TraitsChanged
from common.customer import properties as read
from common.customer.cart import cart_of, expired, operation_of, remember
from common.customer.days import with_day
from common.customer.orders import ordered
from common.customer.view import (
    MAX_NAMES,
    Cart,
    ConsentStanding,
    Customer,
    Orders,
    RecentOrder,
)

STRANGER = Customer()


def apply(customer: Customer | None, payload: Payload, *, now: datetime) -> Customer:
    """The customer after the event; payloads that say nothing about customers change nothing."""
    known = customer or STRANGER
    if isinstance(payload, ActivityRecorded):
        known = _recorded(known, payload)
    elif isinstance(payload, TraitsChanged):
        known = _traits_changed(known, payload)
    elif isinstance(payload, ConsentChanged):
        known = _consent_changed(known, payload)
    elif isinstance(payload, LeadScored):
        known = replace(known, lead_score=payload.score, lead_grade=payload.grade)
    return at(known, now)


def at(customer: Customer, now: datetime) -> Customer:
    """The same customer at a later moment: a cart is gone 7 d after it was opened, without any event."""
    return replace(customer, cart=Cart()) if expired(customer.cart.opened_at, now) else customer


def _recorded(customer: Customer, activity: ActivityRecorded) -> Customer:
    # A client clock that runs ahead must not make a customer look active tomorrow.
    happened = min(activity.occurred_at, activity.received_at)
    operation = operation_of(activity)
    operations = customer.cart_operations
    if operation is not None:
        operations = remember(operations, operation)
    return replace(
        customer,
        cart_operations=operations,
        cart=customer.cart if operation is None else cart_of(operations),
        counts=_counted(customer.counts, activity.name),
        orders=_ordered(customer.orders, activity, happened),
        first_seen=_chosen(min, customer.first_seen, happened),
        last_seen=_chosen(max, customer.last_seen, happened),
        active_days=with_day(customer.active_days, happened),
    )


def _counted(counts: dict[str, int], name: str) -> dict[str, int]:
    if name not in counts and len(counts) >= MAX_NAMES:
        return counts
    return {**counts, name: counts.get(name, 0) + 1}


def _ordered(orders: Orders, activity: ActivityRecorded, happened: datetime) -> Orders:
    if activity.name != "Order Completed":
        return orders
    order_id = read.identifier(activity.properties.get("order_id"))
    return ordered(orders, RecentOrder(order_id, happened, _earned(activity)))


def _earned(activity: ActivityRecorded) -> Money | None:
    """Segment's `total`, else `revenue`, else `value`: the first that can be read."""
    properties = activity.properties
    for name in ("total", "revenue", "value"):
        money = read.money(properties.get(name), properties.get("currency"))
        if money is not None:
            return money
    return None


def _traits_changed(customer: Customer, traits: TraitsChanged) -> Customer:
    if traits.profile_version < customer.traits_version:
        return customer
    return replace(
        customer,
        traits_version=traits.profile_version,
        locale=traits.locale,
        time_zone=traits.time_zone,
        country=traits.country,
        reachable=traits.reachable,
        birthday=traits.birthday,
    )


def _consent_changed(customer: Customer, change: ConsentChanged) -> Customer:
    name = f"{change.channel}.{change.purpose}"
    known = customer.consents.get(name)
    if known is not None and change.profile_version < known.version:
        return customer
    standing = ConsentStanding(change.granted, change.since, change.profile_version)
    return replace(customer, consents={**customer.consents, name: standing})


def _chosen(
    choose: Callable[[datetime, datetime], datetime], known: datetime | None, new: datetime
) -> datetime:
    return new if known is None else choose(known, new)
