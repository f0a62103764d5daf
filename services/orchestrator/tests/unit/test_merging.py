"""Two profiles who are one: each journey goes on once, and nobody is told anything twice."""

from __future__ import annotations

from datetime import timedelta

import pytest

from common.contracts.decisions import DecisionMade, EnrollmentExited
from common.contracts.deliveries import DeliverySent
from common.contracts.profiles import LeadScored
from common.errors import PermanentError
from orchestrator.domain.packing import pack, unpack
from orchestrator.domain.state import MAX_ENROLLMENTS
from services.orchestrator.tests.living import (
    CART_ABANDONMENT,
    START,
    VISITOR,
    Life,
    configuration,
    finals,
    greeting,
    playbook,
)

MINUTE = timedelta(minutes=1)
SILENCE = 30 * MINUTE


def two() -> tuple[Life, Life]:
    """A known user who may be written to, and a visitor of whom nothing is known."""
    return Life(), Life(willing=False, who=VISITOR)


def greeted(again: str = "always") -> tuple[Life, Life]:
    """The same of a shop that greets whoever views a page."""
    shop = configuration(greeting(again))
    return Life(shop), Life(shop, willing=False, who=VISITOR)


def products(life: Life) -> list[list[str]]:
    return [[item.product_id for item in request.cart] for request in life.requests]


def test_a_visitors_cart_is_reminded_of_under_the_name_that_is_known_now() -> None:
    known, visitor = two()
    visitor.adds("lamp")
    visitor.becomes(known)
    known.waits(2 * SILENCE)

    assert products(known) == [["lamp"]]
    assert visitor.timers == {}
    assert finals(known, visitor) == dict.fromkeys(finals(visitor), 1)


def test_two_carts_become_one_reminder_with_both_in_it_after_the_later_silence() -> None:
    known, visitor = two()
    visitor.adds("lamp")
    known.adds("bulb", after=10 * MINUTE)
    visitor.becomes(known)
    known.waits(2 * SILENCE)

    assert products(known) == [["lamp", "bulb"]]
    [chosen] = [one for one in known.of(DecisionMade) if one.outcome == "chosen"]
    assert chosen.due_at == START + 40 * MINUTE
    assert known.decisions == [("cancelled", "merged"), ("chosen", "eligible")]
    assert known.exits == ["merged", "completed"]


def test_an_order_under_one_name_ends_the_reminder_of_the_other() -> None:
    known, visitor = two()
    visitor.adds("lamp")
    known.does("Order Completed", after=MINUTE, order_id="o1")
    visitor.becomes(known)

    assert known.decisions == [("cancelled", "exit_when: Order Completed")]
    assert known.timers == {}


def test_a_cart_of_which_one_was_reminded_is_not_reminded_of_again() -> None:
    known, visitor = two()
    known.adds("bulb")
    known.waits(SILENCE + MINUTE)
    assert products(known) == [["bulb"]]
    visitor.now = known.now
    visitor.adds("lamp")
    visitor.becomes(known)
    known.waits(2 * SILENCE)
    known.adds("shade")
    known.waits(2 * SILENCE)

    assert products(known) == [["bulb"]]
    assert known.decisions[-1] == ("cancelled", "merged")


def test_a_reminder_that_the_visitor_was_ruled_on_stands_for_both() -> None:
    known, visitor = two()
    visitor.is_reachable()
    visitor.consents()
    visitor.adds("lamp")
    visitor.waits(SILENCE + MINUTE)
    known.now = visitor.now
    known.adds("bulb")
    visitor.becomes(known)
    known.waits(2 * SILENCE)

    assert products(known) == []
    assert known.decisions == [("cancelled", "merged")]


def test_of_two_in_one_journey_the_one_further_on_stays() -> None:
    known, visitor = greeted()
    known.does("Page Viewed")
    visitor.does("Page Viewed", after=SILENCE)
    known.waits(SILENCE + MINUTE)
    visitor.becomes(known)
    known.waits(3 * SILENCE)

    assert [one.reason for one in known.of(EnrollmentExited)] == ["merged", "completed"]
    assert len(known.requests) == 2
    [cancelled] = [one for one in known.of(DecisionMade) if one.outcome == "cancelled"]
    assert cancelled.enrollment_id == visitor.entered[0].enrollment_id


def test_the_visitors_passage_stays_where_it_is_further_on() -> None:
    known, visitor = greeted()
    visitor.is_reachable()
    visitor.consents()
    visitor.does("Page Viewed")
    visitor.waits(SILENCE + MINUTE)
    known.does("Page Viewed", after=SILENCE)
    visitor.becomes(known)
    known.waits(3 * SILENCE)

    assert len(visitor.requests) == len(known.requests) == 1
    assert known.exits == ["merged", "completed"]


def test_what_the_winner_did_meanwhile_ends_the_passage_that_comes() -> None:
    known, visitor = greeted()
    visitor.does("Page Viewed")
    known.does("Survey Answered", after=MINUTE)
    visitor.becomes(known)

    assert known.decisions == [("cancelled", "exit_when: Survey Answered")]


def test_what_was_done_before_a_passage_began_does_not_end_it() -> None:
    known, visitor = greeted()
    known.does("Survey Answered")
    visitor.does("Page Viewed", after=MINUTE)
    visitor.becomes(known)

    assert known.decisions == []
    assert len(known.timers) == 1


def test_once_in_a_lifetime_is_once_for_both() -> None:
    known, visitor = greeted("never")
    known.does("Page Viewed")
    known.waits(4 * SILENCE)
    visitor.now = known.now
    visitor.does("Page Viewed")
    visitor.becomes(known)
    known.does("Page Viewed")
    known.waits(4 * SILENCE)

    assert len(known.requests) == 2
    assert known.decisions[-1] == ("cancelled", "merged")


def test_a_version_that_is_gone_fails_its_own_passage_only() -> None:
    known, visitor = two()
    visitor.adds("lamp")
    known.publishes(configuration(greeting("always")))
    known.does("Page Viewed")
    visitor.becomes(known)

    assert known.decisions == [("cancelled", "playbook_error")]
    assert len(known.timers) == 1


def test_a_stranger_becomes_all_that_the_other_was() -> None:
    known, visitor = Life(willing=False), Life(who=VISITOR)
    visitor.adds("lamp")
    before = visitor.state
    visitor.becomes(known)

    assert before is not None
    assert known.state is not None
    assert known.state.enrollments == before.enrollments
    assert known.state.customer.cart == before.customer.cart
    assert known.timers == {one.timer: one.due_at for one in before.enrollments}


def test_never_more_under_way_than_one_profile_may_have() -> None:
    journey = CART_ABANDONMENT.replace("customer.cart.id", "event.message_id")
    shop = configuration(playbook("each", journey))
    known, visitor = Life(shop), Life(shop, who=VISITOR)
    for life in (known, visitor):
        for number in range(MAX_ENROLLMENTS * 2 // 3):
            life.adds(f"p{number}", after=timedelta(seconds=1))
    visitor.becomes(known)

    assert known.state is not None
    assert len(known.state.enrollments) == len(known.timers) == MAX_ENROLLMENTS
    assert set(known.exits) == {"merged"}
    assert all(count <= 1 for count in finals(known, visitor).values())


def test_history_shapes_the_view_and_triggers_nothing() -> None:
    life = Life()
    life.adds("lamp", history=True)

    assert life.told == []
    assert life.timers == {}
    assert life.state is not None
    assert [item.product_id for item in life.state.customer.cart.items] == ["lamp"]
    assert life.state.enrollments == ()

    life.adds("bulb")
    life.learns(
        LeadScored(score=9, previous_score=None, grade="D", reasons=(), model_version="1"),
        history=True,
    )
    assert len(life.timers) == 1
    assert life.state.customer.lead_score == 9
    life.waits(2 * SILENCE)
    assert products(life) == [["lamp", "bulb"]]


def test_a_status_that_comes_late_is_logged_at_the_one_they_are() -> None:
    known, visitor = two()
    visitor.is_reachable()
    visitor.consents()
    visitor.adds("lamp")
    visitor.waits(SILENCE + MINUTE)
    [request] = visitor.requests
    visitor.becomes(known)
    known.learns(
        DeliverySent(
            delivery_id=request.delivery_id,
            decision_id=request.decision_id,
            enrollment_id=request.enrollment_id,
            playbook=request.playbook,
            version=request.version,
            message=request.message,
            channel=request.channel,
            purpose=request.purpose,
            at=known.now,
        )
    )

    assert known.state is not None
    assert [contact.status for contact in known.state.contacts] == ["sent"]


def test_a_packed_state_is_read_back_and_a_newer_one_waits() -> None:
    life = Life()
    life.adds("lamp")
    assert life.state is not None

    assert unpack(pack(life.state)) == life.state
    newer = type(pack(life.state))(bytes(pack(life.state)).replace(b'"schema":2', b'"schema":9', 1))
    with pytest.raises(PermanentError, match="newer_schema"):
        unpack(newer)
