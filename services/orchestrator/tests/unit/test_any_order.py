"""Whatever the order in which one person's activities arrive, over devices and a merge: the same view, the same decisions.

Permuted is what the log may permute: the order in which activities arrive, which of two names they come under, when the names
turn out to be one person's, and the order of consents, whose profile versions say which came last. Not permuted is what one
writer tells in its own order: traits and scores. An event is not folded twice here, for the runtime drops it by its sequence;
what may come twice under two ids is an order, told by browser and server.

The same decisions are the same messages, or the same refusals, about the same things. When they fall is told by when the last
activity arrived; passages that end before their first proposal tell nobody anything, and how many there were may differ.
No two activities happen in one instant here: nobody can know then which came first, and an end counts as the later one.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from common.contracts.decisions import DecisionMade
from common.contracts.profiles import ActivityRecorded
from common.ids import derive
from orchestrator.domain.triggers import IN_TIME
from services.orchestrator.tests.living import (
    CART_ABANDONMENT,
    START,
    VISITOR,
    Life,
    configuration,
    greeting,
    playbook,
)

PAGE = Path("docs/event-time.md").read_text("utf-8")
SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)

INTEREST = """\
purpose: marketing
trigger: {event: Product Viewed}
entry: {key: string(event.properties.product_id), again: per_key}
exit_when: [{event: Order Completed}]
steps:
  - wait: {for: 10m}
  - propose: {message: reminder, channels: [email], expires_after: 1h}
"""
CART = playbook("cart_abandonment", CART_ABANDONMENT)
SHOP = configuration(CART, greeting("always"), playbook("product_interest", INTEREST))

NAMES = (
    "Product Added",
    "Product Removed",
    "Cart Viewed",
    "Order Completed",
    "Product Viewed",
    "Page Viewed",
    "Survey Answered",
)


@dataclass(frozen=True)
class Deed:
    """What was done, seconds after the start, under which of two names; or a word of consent."""

    number: int
    name: str
    thing: int
    second: int
    known: bool

    @property
    def properties(self) -> dict[str, Any]:
        line = {"product_id": f"p{self.thing}", "quantity": 1}
        special: dict[str, dict[str, Any]] = {
            "Order Completed": {
                "order_id": f"o{self.thing}",
                "total": self.number,
                "currency": "EUR",
            },
            "Cart Viewed": {"products": [line]},
        }
        return special.get(self.name, line)


def deeds(seconds: st.SearchStrategy[int]) -> st.SearchStrategy[list[Deed]]:
    done = st.tuples(
        st.sampled_from((*NAMES, "yes", "no")), st.integers(1, 3), seconds, st.booleans()
    )
    return st.lists(done, max_size=8, unique_by=lambda one: one[2]).map(
        lambda found: [Deed(number, *one) for number, one in enumerate(found)]
    )


TIMELY = deeds(st.integers(0, 60))
AT_ANY_AGE = deeds(st.one_of(st.integers(0, 60), st.integers(-9_000, -600)))


def hears(life: Life, deed: Deed, version: int) -> None:
    if deed.name in ("yes", "no"):
        life.consents(granted=deed.name == "yes", version=version)
        return
    event_id = derive("event", deed.number)
    life.learns(
        ActivityRecorded(
            event_id=event_id,
            name=deed.name,
            source="web",
            message_id=str(event_id),
            occurred_at=START + deed.second * SECOND,
            received_at=life.now,
            profile_version=1,
            properties=deed.properties,
        )
    )


def heard_of(arriving: Sequence[Deed], merged_after: int | None = None) -> Life:
    """The life after these arrived one a second; with a merge, what came before it under the other name was a visitor's."""
    known, visitor = Life(SHOP), Life(SHOP, willing=False, who=VISITOR)
    versions = {one.number: n for n, one in enumerate(sorted(arriving, key=_happened), start=2)}
    for life in (known, visitor):
        life.waits(MINUTE)
    for place, deed in enumerate(arriving):
        if place == merged_after:
            visitor.becomes(known)
        told_of_visitor = merged_after is not None and place < merged_after and not deed.known
        is_consent = deed.name in ("yes", "no")
        hears(visitor if told_of_visitor and not is_consent else known, deed, versions[deed.number])
        for life in (known, visitor):
            life.waits(SECOND)
    if merged_after is not None and merged_after >= len(arriving):
        visitor.becomes(known)
    return known


def _happened(deed: Deed) -> tuple[int, int]:
    return deed.second, deed.number


def view(life: Life) -> object:
    """All that conditions may ask; the consents' versions say only which of them came last."""
    assert life.state is not None
    customer = life.state.customer
    return replace(customer, consents={}), customer.consented, life.state.heard


def decided(life: Life) -> Counter[object]:
    """What is said to the person, or is not, once all that waits has fallen due."""
    life.waits(2 * HOUR)
    carts = {one.decision_id: one.cart for one in life.requests}
    return Counter(
        (one.playbook, one.outcome, one.reason, carts.get(one.decision_id))
        for one in life.of(DecisionMade)
        if one.outcome != "cancelled"
    )


def orders_of(strategy: st.SearchStrategy[list[Deed]]) -> st.SearchStrategy[Any]:
    return strategy.flatmap(
        lambda found: st.tuples(
            st.just(found), st.permutations(found), st.none() | st.integers(0, len(found))
        )
    )


@given(orders_of(AT_ANY_AGE))
@settings(max_examples=80, deadline=None)
def test_any_order_of_arrival_gives_the_same_view(
    case: tuple[list[Deed], list[Deed], int | None],
) -> None:
    done, arriving, merged_after = case

    assert view(heard_of(arriving, merged_after)) == view(heard_of(sorted(done, key=_happened)))


@given(orders_of(TIMELY))
@settings(max_examples=120, deadline=None)
def test_any_order_of_arrival_before_the_first_is_due_gives_the_same_decisions(
    case: tuple[list[Deed], list[Deed], int | None],
) -> None:
    done, arriving, merged_after = case
    in_order = heard_of(sorted(done, key=_happened))

    assert decided(heard_of(arriving, merged_after)) == decided(in_order)


def test_an_order_that_is_heard_of_after_the_next_cart_ends_only_what_was_before_it() -> None:
    life = Life()
    life.adds("shoe")
    life.adds("sock", after=MINUTE)
    life.does("Order Completed", order_id="o1", after=SECOND, occurred_at=START + SECOND)
    life.waits(HOUR)

    assert [[item.product_id for item in request.cart] for request in life.requests] == [["sock"]]


def test_what_has_ended_before_we_hear_of_its_beginning_does_not_begin() -> None:
    life = Life(configuration(greeting("always")))
    life.does("Survey Answered", after=MINUTE)
    life.does("Page Viewed", occurred_at=START)
    assert life.entered == []

    life.does("Page Viewed", after=SECOND)
    assert len(life.entered) == 1


def test_a_second_reason_for_a_passage_outlives_what_ended_the_first() -> None:
    life = Life(configuration(greeting("always")))
    life.does("Page Viewed")
    life.does("Page Viewed", after=MINUTE)
    life.does("Survey Answered", occurred_at=START + SECOND)
    assert life.exits == []

    life.does("Survey Answered", after=SECOND)
    assert life.exits == ["exit_when: Survey Answered"]


def test_an_order_from_between_what_two_added_ends_nothing_after_they_became_one() -> None:
    known, visitor = Life(), Life(willing=False, who=VISITOR)
    visitor.adds("shoe")
    known.adds("sock", after=MINUTE)
    visitor.becomes(known)
    known.does("Order Completed", order_id="o1", after=SECOND, occurred_at=START + SECOND)
    known.waits(HOUR)

    assert [[item.product_id for item in request.cart] for request in known.requests] == [["sock"]]


def test_what_is_received_too_late_is_no_reason_to_outlive_an_end() -> None:
    life = Life(configuration(greeting("always")))
    life.does("Page Viewed")
    life.does("Page Viewed", after=10 * MINUTE, occurred_at=START + 2 * MINUTE)
    life.does("Survey Answered", occurred_at=START + MINUTE)

    assert life.exits == ["exit_when: Survey Answered"]


@pytest.mark.parametrize(("late", "begins"), [(timedelta(), True), (SECOND / 1000, False)])
def test_what_is_received_too_late_shapes_the_view_and_begins_nothing(
    late: timedelta, begins: bool
) -> None:
    life = Life()
    life.adds("shoe", occurred_at=START - IN_TIME - late)

    assert life.state is not None
    assert [item.product_id for item in life.state.customer.cart.items] == ["shoe"]
    assert bool(life.entered) is begins
    assert bool(life.timers) is begins


def test_a_trigger_may_say_how_late_is_too_late() -> None:
    (said,) = re.findall(r"```yaml\n(trigger: .*)\n```", PAGE)
    [ours] = [line for line in CART_ABANDONMENT.splitlines() if line.startswith("trigger:")]
    patient = CART_ABANDONMENT.replace(ours, said)
    life = Life(configuration(playbook("cart_abandonment", patient)))
    life.adds(occurred_at=START - HOUR)

    assert len(life.entered) == 1


def test_what_is_received_late_holds_back_what_is_under_way_and_ends_it() -> None:
    life = Life()
    life.adds("shoe")
    life.adds("sock", after=20 * MINUTE, occurred_at=START + SECOND)
    assert list(life.timers.values()) == [life.now + 30 * MINUTE]

    life.does("Order Completed", order_id="o1", after=20 * MINUTE, occurred_at=START + MINUTE)
    assert life.decisions == [("cancelled", "exit_when: Order Completed")]


def test_the_page_says_how_late_is_too_late() -> None:
    assert f"**{IN_TIME // MINUTE} minutes**" in PAGE
