"""What was ordered, whatever order it is told in, and an order that is told twice counts once: as it was first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from datetime import datetime

from common.contracts import Money
from common.customer.view import MAX_ORDERS, Orders, RecentOrder


def ordered(orders: Orders, order: RecentOrder) -> Orders:
    """The orders after one more was told; what has no id is an order of its own."""
    known = next((one for one in orders.recent if order.id and one.id == order.id), None)
    first = order if known is None else min(known, order, key=_told)
    others = [one for one in orders.recent if one is not known]
    return Orders(
        count=orders.count + (known is None),
        revenue=_revenue(orders.revenue, [first.money], [] if known is None else [known.money]),
        first_at=_chosen(min, orders.first_at, order.at),
        last_at=_chosen(max, orders.last_at, order.at),
        recent=_newest([*others, first] if order.id else others),
    )


def united(ours: Orders, theirs: Orders) -> Orders:
    """Those of two customers who are one; an order that both know (browser and server told it under different names) counts once."""
    by_id: dict[str, RecentOrder] = {}
    again: list[RecentOrder] = []
    for order in sorted((*ours.recent, *theirs.recent), key=_told):
        if order.id in by_id:
            again.append(order)
        else:
            by_id[order.id] = order
    both = _revenue(ours.revenue, [Money(a, c) for c, a in theirs.revenue.items()], [])
    return Orders(
        count=ours.count + theirs.count - len(again),
        revenue=_revenue(both, [], [order.money for order in again]),
        first_at=_chosen(min, ours.first_at, theirs.first_at),
        last_at=_chosen(max, ours.last_at, theirs.last_at),
        recent=_newest(by_id.values()),
    )


def _newest(orders: Iterable[RecentOrder]) -> tuple[RecentOrder, ...]:
    return tuple(sorted(orders, key=_told)[-MAX_ORDERS:])


def _told(order: RecentOrder) -> tuple[datetime, str, int, str]:
    money = order.money or Money(-1, "")
    return order.at, order.id, money.amount, money.currency


def _revenue(
    known: dict[str, int], more: Iterable[Money | None], less: Iterable[Money | None]
) -> dict[str, int]:
    """A currency of which nothing is left is as if it had never been earned."""
    sums = Counter(known)
    for sign, moneys in ((1, more), (-1, less)):
        for money in moneys:
            if money is not None:
                sums[money.currency] += sign * money.amount
    return {currency: amount for currency, amount in sorted(sums.items()) if amount}


def _chosen(
    choose: Callable[[datetime, datetime], datetime], one: datetime | None, other: datetime | None
) -> datetime | None:
    return choose(one, other) if one is not None and other is not None else one or other
