"""Judges a demo from what was seen outside, by rules of its own: nothing here asks the services."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import msgspec

from common.contracts.deliveries import (
    DeliveryFailed,
    DeliverySent,
    DeliverySkipped,
    DeliveryStatus,
    DeliveryUnknown,
)
from cuestream.demo.observed import Mail, Observed, Told
from cuestream.demo.showcase import Shown

CART = ("Product Added", "Product Removed", "Cart Viewed")
GRACE = timedelta(seconds=1)
"""A no must be final within a second."""
ENDS = tuple(kind.TYPE for kind in (DeliverySent, DeliveryUnknown, DeliverySkipped, DeliveryFailed))


class Latency(msgspec.Struct, frozen=True):
    """From the instant a reminder was due to its mail in the mailbox."""

    p50: int | None
    p99: int | None


class Summary(msgspec.Struct, frozen=True):
    """The demo's result; counts of carts and mails, latency in milliseconds."""

    abandoned: int
    reminders: int
    unknown: int
    missing: int
    wrong_mails: int
    doubled: int
    sent_after_no: int
    triggers: int
    final_decisions: int
    latency_ms: Latency
    ordered_at_due: int
    """Carts whose order was accepted after the due time, but before the decision: either way is right."""
    promises_held: bool
    playbooks: tuple[Shown, ...] = ()
    """What became of each playbook's example, where the stack has them in force."""


@dataclass(slots=True)
class Cart:
    """One cart, from its first product to its end."""

    user: str
    due_at: datetime
    ended_at: datetime | None = None
    """When an order or the removal of the last product was appended."""
    consent: bool = False
    mails: list[Mail] = field(default_factory=list)

    @property
    def rested(self) -> bool:
        """True when nothing ended it before the reminder was due."""
        return self.ended_at is None or self.ended_at >= self.due_at


def carts_of(
    user: str, told: Sequence[Told], silence: timedelta, no: datetime | None
) -> list[Cart]:
    """The carts of one visitor: what is in them follows the visitor's clock, what is due the log's."""
    carts: list[Cart] = []
    quantities: Counter[str] = Counter()
    operations: list[datetime] = []
    ordered = sorted(told, key=lambda event: event.happened_at)
    for event in ordered:
        if event.name not in (*CART, "Order Completed"):
            continue
        if _apply(event, quantities):
            operations.append(event.appended_at)
        elif operations:
            carts.append(Cart(user, _due_at(operations, silence), event.appended_at))
            operations = []
    if operations:
        carts.append(Cart(user, _due_at(operations, silence)))
    consents = [
        (event.appended_at, event.consents["email.marketing"] is True)
        for event in ordered
        if "email.marketing" in event.consents
    ]
    for cart in carts:
        cart.consent = _consented(consents, cart.due_at, no)
    return carts


def _due_at(operations: Sequence[datetime], silence: timedelta) -> datetime:
    """When a cart has rested for so long for the first time."""
    first, *others = sorted(operations)
    due_at = first + silence
    for appended_at in others:
        if appended_at < due_at:
            due_at = appended_at + silence
    return due_at


def _apply(event: Told, quantities: Counter[str]) -> bool:
    """Put in, take out or empty; True when something is left."""
    if event.name == "Order Completed":
        quantities.clear()
    else:
        sign = -1 if event.name == "Product Removed" else 1
        product = str(event.properties.get("product_id"))
        quantities[product] += sign * int(event.properties.get("quantity", 1))
    return any(count > 0 for count in quantities.values())


def _consented(
    consents: Sequence[tuple[datetime, bool]], at: datetime, no: datetime | None
) -> bool:
    granted = [value for since, value in consents if since <= at]
    return bool(granted) and granted[-1] and (no is None or no > at)


def judge(
    seen: Observed,
    silence: timedelta,
    addresses: dict[str, str],
    playbooks: tuple[Shown, ...] = (),
) -> Summary:
    """Count kept and broken promises; `addresses` gives each visitor's e-mail address."""
    by_user: defaultdict[str, list[Told]] = defaultdict(list)
    for told in seen.told.values():
        by_user[told.user].append(told)
    carts = {u: carts_of(u, t, silence, seen.refused.get(u)) for u, t in by_user.items()}
    mails = _by_address(seen)
    unknown_users = _users_of_unknown(seen)
    tally: Counter[str] = Counter()
    late: list[float] = []
    for user, address in addresses.items():
        _judge_visitor(
            carts.get(user, []), mails.pop(address, []), unknown_users[user], tally, late
        )
    tally["wrong"] += sum(len(strangers) for strangers in mails.values())
    doubled = tally["doubled"] + sum(n - 1 for n in seen.finals.values())
    after_no = _sent_after_no(seen)
    final = len(seen.decisions)
    return Summary(
        abandoned=tally["abandoned"],
        reminders=tally["reminders"],
        unknown=tally["unknown"],
        missing=tally["missing"],
        wrong_mails=tally["wrong"],
        doubled=doubled,
        sent_after_no=after_no,
        triggers=len(seen.triggers),
        final_decisions=final,
        latency_ms=Latency(percentile(late, 50), percentile(late, 99)),
        ordered_at_due=tally["late"],
        promises_held=not (tally["missing"] or tally["wrong"] or doubled or after_no)
        and tally["reminders"] + tally["unknown"] == tally["abandoned"]
        and len(seen.triggers) == final
        and all(shown.held for shown in playbooks),
        playbooks=playbooks,
    )


def _judge_visitor(
    carts: Sequence[Cart],
    mails: Sequence[Mail],
    unknown: int,
    tally: Counter[str],
    late: list[float],
) -> None:
    for mail in sorted(mails, key=lambda m: m.arrived_at):
        fitting = [c for c in carts if c.rested and c.consent and c.due_at <= mail.arrived_at]
        if fitting:
            fitting[-1].mails.append(mail)
        else:
            tally["wrong"] += 1
    for cart in carts:
        if not (cart.rested and cart.consent):
            continue
        tally["doubled"] += max(0, len(cart.mails) - 1)
        if cart.mails:
            late.append((cart.mails[0].arrived_at - cart.due_at).total_seconds() * 1000)
            tally["reminders"] += 1
        elif cart.ended_at is not None:
            # Ordered in the instant between due and decided: not a reminder missed, and counted apart.
            tally["late"] += 1
            continue
        elif unknown:
            unknown -= 1
            tally["unknown"] += 1
        else:
            tally["missing"] += 1
        tally["abandoned"] += 1


def _by_address(seen: Observed) -> defaultdict[str, list[Mail]]:
    mails: defaultdict[str, list[Mail]] = defaultdict(list)
    for mail in seen.mails.values():
        mails[mail.to].append(mail)
    return mails


def _users_of_unknown(seen: Observed) -> Counter[str]:
    """How many of each visitor's deliveries ended as unknown and are not in the mailbox."""
    arrived = {mail.message_id.split("@", 1)[0] for mail in seen.mails.values()}
    users: Counter[str] = Counter()
    for delivery, statuses in seen.deliveries.items():
        status = statuses.get(DeliveryUnknown.TYPE)
        if status is not None and str(delivery) not in arrived:
            users[seen.user_of(delivery)] += 1
    return users


def _sent_after_no(seen: Observed) -> int:
    def late(status: DeliveryStatus | None) -> bool:
        if status is None or status.claimed_at is None:
            return False
        no = seen.refused.get(seen.user_of(status.delivery_id))
        return no is not None and status.claimed_at > no + GRACE

    return sum(late(statuses.get(DeliverySent.TYPE)) for statuses in seen.deliveries.values())


def settled(seen: Observed) -> bool:
    """True when every trigger has its decision and every chosen one its delivery's end."""
    if len(seen.decisions) < len(seen.triggers):
        return False
    ended = {
        status.decision_id
        for statuses in seen.deliveries.values()
        for kind, status in statuses.items()
        if kind in ENDS
    }
    return all(d.decision_id in ended for d in seen.decisions.values() if d.outcome == "chosen")


def percentile(values: Sequence[float], percent: float) -> int | None:
    """The nearest-rank percentile, rounded; None of nothing."""
    if not values:
        return None
    ranked = sorted(values)
    return round(ranked[max(0, math.ceil(len(ranked) * percent / 100) - 1)])
