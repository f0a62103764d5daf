"""Two customers who turn out to be one: the union of what is known of them, in which nothing counts twice."""

from __future__ import annotations

from collections import Counter
from datetime import datetime

from msgspec.structs import replace

from common.customer import orders
from common.customer.cart import cart_of, united
from common.customer.days import together
from common.customer.fold import at
from common.customer.view import MAX_NAMES, ConsentStanding, Customer


def unite(ours: Customer, theirs: Customer, *, version: int, now: datetime) -> Customer:
    """Our view with theirs in it; `version` is the profile version of the merge.

    No activity belongs to two profiles, so counts are added; what has an id of its own is there once. Traits, scores and
    whatever else is told to us anew after a merge stay ours.
    """
    operations = united(ours.cart_operations, theirs.cart_operations)
    whole = replace(
        ours,
        cart_operations=operations,
        cart=cart_of(operations),
        counts=_counts(ours.counts, theirs.counts),
        orders=orders.united(ours.orders, theirs.orders),
        first_seen=_first(ours.first_seen, theirs.first_seen),
        last_seen=_last(ours.last_seen, theirs.last_seen),
        active_days=together(ours.active_days, theirs.active_days),
        consents=_consents(ours.consents, theirs.consents, version),
    )
    return at(whole, now)


def _counts(ours: dict[str, int], theirs: dict[str, int]) -> dict[str, int]:
    """Of too many names the most frequent stay."""
    total = Counter(ours) + Counter(theirs)
    kept = sorted(total, key=lambda name: (-total[name], name))[:MAX_NAMES]
    return {name: total[name] for name in kept}


def _consents(
    ours: dict[str, ConsentStanding], theirs: dict[str, ConsentStanding], version: int
) -> dict[str, ConsentStanding]:
    """The more restrictive of the two, but for what we were told since the merge: that is the union's already."""
    found = dict(ours)
    for name, standing in sorted(theirs.items()):
        own = ours.get(name)
        if own is None:
            # By no version of ours: whatever we are told of it outweighs it.
            found[name] = replace(standing, version=0)
        elif own.version < version and own.granted and not standing.granted:
            found[name] = replace(standing, version=own.version)
    return found


def _first(one: datetime | None, other: datetime | None) -> datetime | None:
    return min((at for at in (one, other) if at is not None), default=None)


def _last(one: datetime | None, other: datetime | None) -> datetime | None:
    return max((at for at in (one, other) if at is not None), default=None)
