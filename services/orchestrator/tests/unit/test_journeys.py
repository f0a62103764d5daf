"""What holds for every journey, whatever happens to a person and in whatever order we hear of it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from common.contracts.actions import ActionRequested
from common.contracts.profiles import LeadScored
from orchestrator.domain.state import MAX_ENROLLMENTS, MAX_PASSAGES
from services.orchestrator.tests.living import (
    CART_ABANDONMENT,
    START,
    Life,
    configuration,
    final_decisions,
    playbook,
)

MINUTE = timedelta(minutes=1)
SILENCE = 30 * MINUTE
SECOND = timedelta(seconds=1)

Operation = tuple[str, str]
"""An activity at the cart and the product it is about."""

PRODUCTS = st.sampled_from(["shoe", "sock", "tie"])
OPERATIONS = st.lists(
    st.tuples(st.sampled_from(["Product Added", "Product Removed", "Cart Viewed"]), PRODUCTS),
    min_size=1,
    max_size=10,
)


def operate(life: Life, operation: Operation, *, index: int, at: datetime) -> None:
    name, product = operation
    line = {"product_id": product, "quantity": 1}
    properties = {"products": [line]} if name == "Cart Viewed" else line
    life.does(name, id_=f"operation {index}", occurred_at=at, after=10 * SECOND, **properties)


@given(OPERATIONS, st.data())
@settings(max_examples=150)
def test_the_order_in_which_we_hear_of_a_cart_does_not_matter(
    operations: list[Operation], data: st.DataObject
) -> None:
    order = data.draw(st.permutations(range(len(operations))))
    in_order, shuffled = Life(), Life()
    for index, operation in enumerate(operations):
        operate(in_order, operation, index=index, at=START - (60 - index) * SECOND)
    for index in order:
        operate(shuffled, operations[index], index=index, at=START - (60 - index) * SECOND)

    assert in_order.state is not None
    assert shuffled.state is not None
    assert shuffled.state.customer == in_order.state.customer
    assert sorted(shuffled.timers.values()) == sorted(in_order.timers.values())
    for life in (in_order, shuffled):
        life.waits(2 * SILENCE)
    assert [request.cart for request in shuffled.requests] == [
        request.cart for request in in_order.requests
    ]
    assert set(final_decisions(shuffled).values()) <= {1}


Deed = tuple[Literal["add", "remove", "view", "order", "yes", "no"], str, int]
"""What is done, with which product, and minutes before."""

DEEDS = st.lists(
    st.tuples(
        st.sampled_from(["add", "remove", "view", "order", "yes", "no"]),
        PRODUCTS,
        st.sampled_from([0, 1, 10, 29, 30, 31, 60, 11_000]),
    ),
    max_size=20,
)


def do(life: Life, deed: Deed, version: int) -> None:
    what, product, minutes = deed
    life.waits(minutes * MINUTE)
    match what:
        case "add":
            life.adds(product)
        case "remove":
            life.does("Product Removed", product_id=product, quantity=1)
        case "view":
            life.does("Cart Viewed", products=[{"product_id": product}])
        case "order":
            life.does("Order Completed", order_id=str(version))
        case _:
            life.consents(granted=what == "yes", version=version)


@given(DEEDS)
@settings(max_examples=200)
def test_every_trigger_ends_in_exactly_one_final_decision(deeds: list[Deed]) -> None:
    life = Life()
    for version, deed in enumerate(deeds, start=2):
        do(life, deed, version)
    life.waits(timedelta(days=8))

    assert life.state is not None
    assert set(final_decisions(life).values()) <= {1}
    assert len(life.exits) == len(life.entered)
    assert life.state.enrollments == ()
    assert life.timers == {}
    assert len(life.state.contacts) == len(life.requests)
    assert len({request.decision_id for request in life.requests}) == len(life.requests)


@given(DEEDS)
@settings(max_examples=200)
def test_nobody_is_reminded_who_ordered_or_said_no(deeds: list[Deed]) -> None:
    life = Life()
    last: dict[str, datetime] = {}
    heard = [(life.now, dict(last))]
    for version, deed in enumerate(deeds, start=2):
        do(life, deed, version)
        last = {**last, _said(deed[0]): life.now}
        heard.append((life.now, last))
    life.waits(timedelta(days=8))

    for at, payload in life.told:
        if isinstance(payload, ActionRequested):
            known = [facts for moment, facts in heard if moment < at][-1]
            assert known["add"] + SILENCE <= at
            assert "order" not in known or known["order"] <= known["add"]
            assert known.get("no", START) <= known.get("yes", START)


def _said(what: str) -> str:
    return "add" if what in ("remove", "view") else what


@given(DEEDS)
def test_a_state_survives_its_own_encoding(deeds: list[Deed]) -> None:
    life = Life()
    for version, deed in enumerate(deeds, start=2):
        do(life, deed, version)

    assert msgspec.json.decode(msgspec.json.encode(life.state), type=type(life.state)) == life.state


INTEREST = """\
purpose: marketing
trigger: {event: Product Viewed}
entry: {key: string(event.properties.product_id), again: AGAIN}
steps:
  - wait: {for: 10m}
  - propose: {message: reminder, channels: [email], expires_after: 1h}
"""


def interested(again: str) -> Life:
    return Life(configuration(playbook("product_interest", INTEREST.replace("AGAIN", again))))


def view(life: Life, product: str, *, after: timedelta = timedelta()) -> None:
    life.does("Product Viewed", product_id=product, after=after)


def test_passages_with_keys_of_their_events_run_side_by_side() -> None:
    life = interested("per_key")
    for product in ("shoe", "sock", "shoe"):
        view(life, product, after=MINUTE)
    life.waits(SILENCE)

    assert [entered.key for entered in life.entered] == ["shoe", "sock"]
    assert len(life.requests) == 2


def test_never_means_once_in_a_lifetime() -> None:
    life = interested("never")
    view(life, "shoe")
    view(life, "sock", after=SILENCE)
    life.waits(SILENCE)

    assert [entered.key for entered in life.entered] == ["shoe"]


def test_always_begins_again_as_soon_as_the_last_passage_ended() -> None:
    life = interested("always")
    view(life, "shoe")
    view(life, "shoe", after=MINUTE)
    view(life, "shoe", after=SILENCE)

    assert len(life.entered) == 2


def test_a_pause_is_counted_from_the_entry() -> None:
    life = interested("{after: 2h}")
    view(life, "shoe")
    view(life, "shoe", after=119 * MINUTE)
    assert len(life.entered) == 1
    view(life, "shoe", after=MINUTE)
    assert len(life.entered) == 2


def test_a_match_without_a_key_begins_nothing() -> None:
    life = interested("per_key")
    life.does("Product Viewed")

    assert life.entered == []
    assert life.decisions == []


def test_the_state_is_bounded() -> None:
    life = interested("per_key")
    for product in range(MAX_ENROLLMENTS + 5):
        view(life, str(product))
    assert life.state is not None
    assert len(life.state.enrollments) == MAX_ENROLLMENTS

    life.waits(SILENCE)
    assert len(life.state.passages) == MAX_PASSAGES
    assert len(life.requests) == MAX_ENROLLMENTS


def test_several_playbooks_act_in_the_order_of_their_names() -> None:
    one = playbook("alpha", CART_ABANDONMENT)
    two = playbook("beta", CART_ABANDONMENT)
    first, second = (Life(configuration(*shop)) for shop in ((one, two), (two, one)))
    for life in (first, second):
        life.adds()
        life.does("Order Completed", order_id="o1", after=MINUTE)

    assert first.told == second.told
    assert [entered.playbook for entered in first.entered] == ["alpha", "beta"]


def test_a_playbook_that_does_not_compile_leaves_the_others_alone() -> None:
    good = playbook("alpha", CART_ABANDONMENT)
    bad = playbook("beta", "purpose: marketing")
    life = Life(configuration(bad, good))
    life.adds()
    life.waits(SILENCE + MINUTE)

    assert [request.playbook for request in life.requests] == ["alpha"]


TWO_MAILS = """\
purpose: marketing
trigger: {event: Document Downloaded}
entry: {again: never}
exit_when: {event: Order Completed}
steps:
  - propose: {message: reminder, channels: [email], expires_after: 1h}
  - wait: {for: 1d}
  - propose: {message: reminder, channels: [sms, email], expires_after: 1h}
"""
BOTH = {
    "templates/reminder.email.de.liquid": "Hallo",
    "templates/reminder.sms.de.liquid": "Hallo",
}


def test_a_journey_may_propose_at_once_and_again_after_a_wait() -> None:
    life = Life(configuration(playbook("welcome", TWO_MAILS, BOTH)))
    life.does("Document Downloaded")
    assert len(life.requests) == 1
    life.waits(timedelta(days=2))

    assert [request.channel for request in life.requests] == ["email", "email"]
    assert len({request.decision_id for request in life.requests}) == 2
    assert life.exits == ["completed"]


def test_a_passage_that_ends_after_its_first_proposal_gets_no_further_decision() -> None:
    life = Life(configuration(playbook("welcome", TWO_MAILS, BOTH)))
    life.does("Document Downloaded")
    life.does("Order Completed", order_id="o1", after=MINUTE)

    assert life.decisions == [("chosen", "eligible")]
    assert life.exits == ["exit_when: Order Completed"]
    assert life.timers == {}


def test_a_score_may_end_a_passage_without_any_activity() -> None:
    text = TWO_MAILS.replace("{event: Order Completed}", "{when: customer.lead_score >= 50}")
    life = Life(configuration(playbook("welcome", text, BOTH)))
    life.does("Document Downloaded")
    life.learns(LeadScored(score=60, previous_score=0, grade="B", reasons=(), model_version="v"))

    assert life.exits == ["exit_when: customer.lead_score >= 50"]
