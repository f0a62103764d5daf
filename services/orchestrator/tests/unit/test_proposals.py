"""What a proposal asks of the workspace and the customer, and what a wait keeps of what it heard."""

from __future__ import annotations

import pytest

from common.contracts.actions import ActionRequested
from common.contracts.decisions import DecisionMade, EnrollmentExited
from common.contracts.deliveries import DeliveryFailed
from common.documents import DocumentError
from cuestream.rehearsal.answering import answer_to
from orchestrator.domain.playbook import parse_playbook
from services.orchestrator.tests.living import VISITOR, Life, configuration, playbook

JOURNEY = """\
purpose: transactional
trigger: {event: Order Completed}
entry: {again: always}
steps:
  - propose: {message: hello, channels: CHANNELS, expires_after: 24hPURPOSE}
"""
TEMPLATES = {f"templates/hello.{channel}.de.liquid": "Hallo" for channel in ("email", "sms")}
SMS = "senders: {sms: {adapter: smtp, from: a@shop.example}}\n"


def decided(channels: str, purpose: str = "", *, senders: str = "", agrees: bool = False) -> Life:
    journey = JOURNEY.replace("CHANNELS", channels)
    journey = journey.replace("PURPOSE", f", purpose: {purpose}" if purpose else "")
    life = Life(
        configuration(playbook("p", journey, TEMPLATES), parameters=senders), willing=agrees
    )
    life.is_reachable()
    life.does("Order Completed")
    return life


def test_the_next_channel_is_taken_where_nobody_can_send_on_the_first() -> None:
    life = decided("[sms, email]")

    [decision] = life.of(DecisionMade)
    assert decision.outcome == "chosen"
    assert [c.gates[1].reason for c in decision.candidates] == ["no_adapter", ""]
    [request] = life.of(ActionRequested)
    assert request.channel == "email"


def test_where_nobody_can_send_at_all_the_decision_says_so() -> None:
    life = decided("[sms, ads]")

    [decision] = life.of(DecisionMade)
    assert (decision.outcome, decision.reason) == ("rejected", "no_adapter")
    assert life.of(ActionRequested) == []


def test_a_channel_with_a_sender_has_an_adapter() -> None:
    [decision] = decided("[sms]", senders=SMS).of(DecisionMade)

    assert decision.reason == "no_address"


def test_an_advertisement_in_a_transactional_playbook_needs_the_consent_of_its_own_purpose() -> (
    None
):
    [decision] = decided("[email]", "marketing").of(DecisionMade)
    assert (decision.outcome, decision.reason) == ("rejected", "no_consent")

    [request] = decided("[email]", "marketing", agrees=True).of(ActionRequested)
    assert request.purpose == "marketing"
    [request] = decided("[email]").of(ActionRequested)
    assert request.purpose == "transactional"


KEEPING = """\
purpose: transactional
trigger: {event: Page Viewed}
entry: {again: always}
steps:
  - wait_for:
      event: [Product Viewed, Product List Viewed]
      when: has(event.properties.category)
      keep: {interest: event.properties.category}
      within: 1h
      then: [{propose: {message: hello, channels: [email], expires_after: 24h}}]
"""


def test_a_wait_keeps_what_it_is_asked_to_of_what_it_heard() -> None:
    templates = {"templates/hello.email.de.liquid": "{{ vars.interest | default: 'all' }}"}
    life = Life(configuration(playbook("p", KEEPING, templates)))
    life.does("Page Viewed")
    life.does("Product Viewed", product_id="P-1")
    assert life.of(ActionRequested) == []
    life.does("Product List Viewed", category="shoes")

    [request] = life.of(ActionRequested)
    assert request.variables == {"interest": "shoes"}


ENDING = """\
purpose: transactional
trigger: {event: Order Completed}
entry: {key: "has(event.properties.order_id) ? event.properties.order_id : ''", again: always}
exit_when: {event: Order Refunded, when: event.properties.order_id == trigger.properties.order_id}
steps:
  - wait: {for: 1d}
"""


def test_an_exit_may_be_of_what_the_passage_is_about() -> None:
    life = Life(configuration(playbook("p", ENDING, {})))
    for order in ("O-1", "O-2"):
        life.does("Order Completed", order_id=order)
    life.does("Order Refunded", order_id="O-2")

    [ended] = life.of(EnrollmentExited)
    assert ended.reason == "exit_when: Order Refunded"
    assert life.state is not None
    assert [one.key for one in life.state.enrollments] == ["O-1"]


KEYED = """\
purpose: transactional
trigger: {event: Order Completed}
entry: {again: always}
steps:
  - propose:
      message: hello
      channels: [email]
      expires_after: 24h
      key: "has(trigger.properties.order_id) ? trigger.properties.order_id : ''"
      value: "has(trigger.properties.total) ? trigger.properties.total : 0"
      urgency: 2
"""


def test_a_message_is_said_once_about_the_same() -> None:
    life = Life(configuration(playbook("p", KEYED, TEMPLATES)), willing=False)
    life.is_reachable()
    for order in ("O-1", "O-1", "O-2"):
        life.does("Order Completed", order_id=order)

    assert [one.reason for one in life.of(DecisionMade)] == ["eligible", "said_already", "eligible"]
    gates = life.of(DecisionMade)[1].candidates[0].gates
    assert [gate.gate for gate in gates if not gate.ok] == ["once"]


def test_what_did_not_reach_the_customer_may_be_said_again() -> None:
    life = Life(configuration(playbook("p", KEYED, TEMPLATES)), willing=False)
    life.is_reachable()
    life.does("Order Completed", order_id="O-1")
    [request] = life.of(ActionRequested)
    life.learns(answer_to(request, DeliveryFailed, life.now))
    life.does("Order Completed", order_id="O-1")

    assert len(life.of(ActionRequested)) == 2


def test_what_is_about_nothing_is_said_as_often_as_it_is_proposed() -> None:
    life = Life(configuration(playbook("p", KEYED, TEMPLATES)), willing=False)
    life.is_reachable()
    life.does("Order Completed")
    life.does("Order Completed")

    assert len(life.of(ActionRequested)) == 2


def test_what_a_proposal_is_worth_is_its_score() -> None:
    life = Life(configuration(playbook("p", KEYED, TEMPLATES)), willing=False)
    life.does("Order Completed", order_id="O-1", total=1250)

    [decision] = life.of(DecisionMade)
    assert [one.score for one in decision.candidates] == [2500.0]


def test_who_turns_out_to_be_somebody_is_not_told_again() -> None:
    shop = configuration(playbook("p", KEYED, TEMPLATES))
    visitor, anna = Life(shop, who=VISITOR), Life(shop)
    visitor.does("Order Completed", order_id="O-1")
    visitor.becomes(anna)
    anna.does("Order Completed", order_id="O-1")

    assert [one.reason for one in anna.of(DecisionMade)] == ["said_already"]


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ("urgency: 0", "more than 0"),
        ("urgency: 11", "no more than 10"),
        ("value: customer.locale", "what it is worth is a number"),
        ("key: customer.orders.count", "string"),
    ],
)
def test_what_is_wrong_with_a_proposal_is_said(more: str, said: str) -> None:
    journey = JOURNEY.replace("CHANNELS", "[email]").replace("PURPOSE", f", {more}")
    content = playbook("p", journey, TEMPLATES)

    with pytest.raises(DocumentError, match=said):
        parse_playbook(content.name, content.hash, content.files)
