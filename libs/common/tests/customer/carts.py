"""Operations at a cart for its tests."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from common.contracts.profiles import ActivityRecorded
from common.customer import Cart, Customer, apply, at
from libs.common.tests.customer.making import START, activity, after


def folded(activities: Iterable[ActivityRecorded], now: datetime | None = None) -> Cart:
    customer: Customer | None = None
    latest = START
    for one in activities:
        latest = max(latest, one.occurred_at)
        customer = apply(customer, one, now=now or latest)
    return at(customer or Customer(), now or latest).cart


def added(number: int, product: str = "p", *, hours: float = 0, **more: Any) -> ActivityRecorded:
    properties = {"product_id": product, **more}
    return activity("Product Added", properties, at=after(hours=hours), number=number)


def removed(number: int, product: str = "p", *, hours: float = 0, **more: Any) -> ActivityRecorded:
    properties = {"product_id": product, **more}
    return activity("Product Removed", properties, at=after(hours=hours), number=number)


def viewed(number: int, *products: object, hours: float = 0, **more: Any) -> ActivityRecorded:
    properties = {"products": list(products), **more}
    return activity("Cart Viewed", properties, at=after(hours=hours), number=number)


def ordered(number: int, *, hours: float = 0) -> ActivityRecorded:
    return activity("Order Completed", {}, at=after(hours=hours), number=number)
