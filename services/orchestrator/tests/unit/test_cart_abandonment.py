"""The playbook of the abandoned cart, in virtual time: who is reminded, who is not, and why."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from common.contracts.actions import CartItem
from common.contracts.decisions import DecisionMade
from common.contracts.deliveries import DeliveryOpened, DeliverySent
from common.contracts.payload import Money
from common.ids import derive
from services.orchestrator.tests.living import (
    CART_ABANDONMENT,
    CART_SHOP,
    MINUTE,
    SILENCE,
    START,
    TICK,
    Life,
    configuration,
    final_decisions,
    playbook,
)


def test_a_cart_that_rests_is_reminded_of_once() -> None:
    life = Life()
    life.adds("shoe", name="Shoe", price=12.5, currency="EUR")
    life.waits(7 * 24 * 60 * MINUTE)

    assert life.decisions == [("chosen", "eligible")]
    [request] = life.requests
    assert request.message == "reminder"
    assert request.channel == "email"
    assert request.purpose == "marketing"
    assert request.due_at == START + SILENCE
    assert request.expires_at == START + SILENCE + TICK + timedelta(hours=24)
    assert request.cart == (
        CartItem(product_id="shoe", name="Shoe", quantity=1, price=Money(1250, "EUR")),
    )
    assert life.exits == ["completed"]
    assert life.timers == {}


def test_the_decision_says_what_was_asked_and_answered() -> None:
    life = Life()
    life.adds()
    life.waits(SILENCE + MINUTE)

    [decision] = life.of(DecisionMade)
    [candidate] = decision.candidates
    assert [(gate.gate, gate.ok) for gate in candidate.gates] == [
        ("message", True),
        ("adapter", True),
        ("consent", True),
        ("address", True),
    ]
    assert decision.due_at == START + SILENCE
    assert decision.trigger_id == life.entered[0].trigger_id
    assert life.requests[0].decision_id == decision.decision_id


def test_an_order_cancels_at_once_and_says_so() -> None:
    life = Life()
    life.adds()
    life.does("Order Completed", after=SILENCE - TICK, order_id="o1")

    assert life.decisions == [("cancelled", "exit_when: Order Completed")]
    assert life.timers == {}
    life.waits(2 * SILENCE)
    assert life.requests == []


def test_an_order_accepted_before_the_timer_was_due_wins_even_if_both_come_late() -> None:
    life = Life()
    life.adds()
    [(name, due)] = life.timers.items()
    life.now = due - TICK
    life.timers.clear()  # the runtime took it in the batch in which the order is folded first
    life.does("Order Completed", order_id="o1")
    life.now = due + SILENCE
    life.fires(name, due)

    assert life.requests == []
    assert life.decisions == [("cancelled", "exit_when: Order Completed")]


def test_an_emptied_cart_cancels_at_once() -> None:
    life = Life()
    life.adds("shoe")
    life.does("Product Removed", after=MINUTE, product_id="shoe", quantity=1)

    assert life.decisions == [("cancelled", "exit_when: size(customer.cart.items) == 0")]
    assert life.timers == {}


def test_each_activity_at_the_cart_begins_the_silence_anew() -> None:
    life = Life()
    life.adds("shoe")
    life.adds("sock", after=20 * MINUTE)
    life.waits(29 * MINUTE)

    assert life.requests == []
    life.waits(2 * MINUTE)
    assert [item.product_id for item in life.requests[0].cart] == ["shoe", "sock"]
    assert len(life.entered) == 1


def test_other_activities_do_not_begin_the_silence_anew() -> None:
    life = Life()
    life.adds("shoe")
    life.does("Product Viewed", after=20 * MINUTE, product_id="sock")
    life.waits(11 * MINUTE)

    assert len(life.requests) == 1


def test_a_timer_of_a_silence_that_began_anew_is_ignored() -> None:
    life = Life()
    life.adds("shoe")
    [(name, old)] = life.timers.items()
    life.adds("sock", after=20 * MINUTE)
    before = life.state
    life.now = old + TICK
    life.fires(name, old)

    assert life.state == before
    assert life.requests == []
    assert life.timers == {name: START + 20 * MINUTE + SILENCE}


def test_without_consent_nothing_is_sent_and_the_decision_says_why() -> None:
    life = Life(willing=False)
    life.is_reachable()
    life.adds()
    life.waits(SILENCE + MINUTE)

    assert life.decisions == [("rejected", "no_consent")]
    assert life.requests == []


def test_without_an_address_nothing_is_sent_and_the_decision_says_why() -> None:
    life = Life(willing=False)
    life.consents()
    life.adds()
    life.waits(SILENCE + MINUTE)

    assert life.decisions == [("rejected", "no_address")]


def test_a_withdrawal_during_the_silence_counts() -> None:
    life = Life()
    life.adds()
    life.consents(granted=False, version=2)
    life.waits(SILENCE + MINUTE)

    assert life.decisions == [("rejected", "no_consent")]


def test_the_same_cart_is_reminded_of_once_only() -> None:
    life = Life()
    life.adds("shoe")
    life.waits(SILENCE + MINUTE)
    life.adds("sock")
    life.waits(SILENCE + MINUTE)

    assert len(life.requests) == 1
    assert len(life.entered) == 1


def test_a_new_cart_is_reminded_of_again() -> None:
    life = Life()
    life.adds("shoe")
    life.waits(SILENCE + MINUTE)
    life.does("Order Completed", order_id="o1")
    life.adds("sock", after=MINUTE)
    life.waits(SILENCE + MINUTE)

    assert len(life.requests) == 2
    assert len({request.delivery_id for request in life.requests}) == 2


def test_a_cart_that_was_emptied_and_filled_again_under_the_same_id_is_reminded_of() -> None:
    life = Life()
    life.adds("shoe", cart_id="c1")
    life.does("Product Removed", product_id="shoe", quantity=1, cart_id="c1", after=MINUTE)
    life.adds("sock", cart_id="c1", after=MINUTE)
    life.waits(SILENCE + MINUTE)

    assert [outcome for outcome, _ in life.decisions] == ["cancelled", "chosen"]


def test_a_cart_whose_first_add_arrives_late_is_one_cart() -> None:
    life = Life()
    life.adds("sock", occurred_at=START)
    life.adds("shoe", occurred_at=START - MINUTE)
    life.waits(SILENCE + MINUTE)
    life.adds("tie")
    life.waits(SILENCE + MINUTE)

    assert len(life.entered) == 1
    assert len(life.requests) == 1


def test_the_contact_log_sees_the_delivery() -> None:
    life = Life()
    life.adds()
    life.waits(SILENCE + MINUTE)
    [request] = life.requests
    status: dict[str, Any] = {
        "delivery_id": request.delivery_id,
        "decision_id": request.decision_id,
        "enrollment_id": request.enrollment_id,
        "playbook": request.playbook,
        "version": request.version,
        "message": request.message,
        "channel": request.channel,
        "purpose": request.purpose,
        "at": life.now,
    }

    assert life.state is not None
    assert [contact.status for contact in life.state.contacts] == ["requested"]
    life.learns(DeliveryOpened(**status))
    life.learns(DeliverySent(**status))
    [contact] = life.state.contacts
    assert contact.status == "opened"
    assert contact.decision_id == request.decision_id


def test_a_status_of_a_forgotten_decision_is_logged_too() -> None:
    life = Life(willing=False)
    decision = derive("test", "forgotten")
    life.learns(
        DeliverySent(
            delivery_id=decision,
            decision_id=decision,
            enrollment_id=decision,
            playbook="x",
            version="v",
            message="m",
            channel="email",
            purpose="marketing",
            at=START,
        )
    )

    assert life.state is not None
    assert [contact.decision_id for contact in life.state.contacts] == [decision]


def test_a_cart_older_than_seven_days_ends_the_passage() -> None:
    shop = configuration(
        playbook("cart_abandonment", CART_ABANDONMENT),
        parameters="parameters: {cart_abandonment: {silence: 7d}}\n",
    )
    life = Life(shop)
    life.adds(occurred_at=START - MINUTE)
    life.waits(timedelta(days=8))

    assert life.decisions == [("cancelled", "exit_when: size(customer.cart.items) == 0")]


def test_every_trigger_has_one_final_decision() -> None:
    life = Life(CART_SHOP)
    for product in ("a", "b", "c"):
        life.adds(product)
        life.waits(SILENCE + MINUTE)
        life.does("Order Completed", order_id=product)
        life.adds(product, after=MINUTE)
        life.does("Product Removed", product_id=product, quantity=1, after=MINUTE)

    assert set(final_decisions(life).values()) == {1}
