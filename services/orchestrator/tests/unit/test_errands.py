"""Calls, vouchers and audiences: asked for once, waited for as long as the playbook says, and no answer moves anybody else."""

from __future__ import annotations

from datetime import timedelta

import pytest

from common.contracts.deliveries import DeliveryHeld, DeliverySent, DeliveryStatus
from common.contracts.profiles import LeadScored
from common.documents import DocumentError
from cuestream.rehearsal.answering import answer_to
from orchestrator.domain.playbook import parse_playbook
from services.orchestrator.tests.living import VISITOR, Life, configuration, playbook

HOUR = timedelta(hours=1)
HEAD = """\
purpose: marketing
trigger: {event: Page Viewed}
entry: {again: always}
steps:
"""
CALL = """\
  - id: crm
    call:
      to: crm
      data: {points: customer.lead_score, page: "has(trigger.properties.path) ? trigger.properties.path : ''"}
      keep: lead
      within: 2h
      then: [{emit: {event: Handed Over, properties: {lead: vars.lead}}}]
      otherwise: [{exit: {reason: nobody answered}}]
"""
VOUCHER = "  - voucher: {pool: welcome, keep: code, within: 2h, otherwise: [{exit: {reason: no voucher}}]}\n"
SAY = "  - propose: {message: reminder, channels: [email], expires_after: 24h}\n"
POINTS = "  - wait_for: {when: customer.lead_score >= 50, within: 2h, otherwise: [{exit: {reason: too few}}]}\n"


def living(steps: str, kind: str = "call", answer: str = "none") -> Life:
    life = Life(configuration(playbook("asking", HEAD + steps)))
    life.answers = {kind: answer}
    return life


def answers(life: Life, kind: type[DeliveryStatus] = DeliverySent, number: int = 0) -> None:
    life.learns(answer_to(life.requests[number], kind, life.now))


def scores(life: Life, score: int) -> None:
    scored = LeadScored(
        score=score, previous_score=None, grade="", reasons=(), model_version="test"
    )
    life.learns(scored)


def test_a_call_tells_what_the_playbook_says_and_is_no_contact() -> None:
    life = living(CALL)
    scores(life, 55)
    life.does("Page Viewed")

    (asked,) = life.requests
    assert (asked.kind, asked.channel, asked.message) == ("call", "webhook", "crm")
    assert asked.data == {"points": 55, "page": ""}
    assert asked.expires_at == life.now + 2 * HOUR
    answers(life)
    assert life.state is not None
    assert life.state.contacts == ()


def test_once_it_is_acknowledged_the_passage_goes_on_with_the_receipt() -> None:
    life = living(CALL + SAY)
    life.does("Page Viewed")
    answers(life)

    assert life.exits == ["completed"]
    assert [one.kind for one in life.requests] == ["call", "message"]
    assert life.requests[1].variables == {"lead": "CALL-1"}
    assert life.timers == {}


def test_a_hold_is_no_answer() -> None:
    life = living(CALL)
    life.does("Page Viewed")
    answers(life, DeliveryHeld)

    assert life.exits == []


def test_an_answer_that_comes_too_late_changes_nothing() -> None:
    life = living(CALL)
    life.does("Page Viewed")
    life.waits(3 * HOUR)
    answers(life)

    assert life.exits == ["nobody answered"]


def test_an_answer_that_is_told_twice_is_taken_once() -> None:
    life = living(CALL + POINTS)
    life.does("Page Viewed")
    answers(life)
    answers(life)
    life.waits(3 * HOUR)

    assert life.exits == ["too few"]


def test_the_answer_to_one_errand_is_none_to_the_next() -> None:
    life = living(
        CALL.replace("exit: {reason: nobody answered}", "set: {lead: \"'nobody'\"}") + VOUCHER
    )
    life.answers = {"call": "none", "voucher": "none"}
    life.does("Page Viewed")
    life.waits(2 * HOUR + HOUR / 2)
    answers(life, number=0)

    assert [one.kind for one in life.requests] == ["call", "voucher"]
    assert life.exits == []
    answers(life, number=1)
    assert life.exits == ["completed"]


@pytest.mark.parametrize("operation", ["add", "remove"])
def test_nobody_waits_for_an_audience(operation: str) -> None:
    life = living(f"  - audience: {{{operation}: cart_abandoners}}\n" + SAY)
    life.does("Page Viewed")

    change, mail = life.requests
    assert (change.kind, change.channel, change.data) == (
        "audience",
        "ads",
        {"operation": operation},
    )
    assert mail.kind == "message"
    assert life.exits == ["completed"]


def test_a_merge_takes_the_errand_along() -> None:
    visitor = Life(configuration(playbook("asking", HEAD + CALL)), willing=False, who=VISITOR)
    visitor.answers = {"call": "none"}
    visitor.does("Page Viewed")
    asked = visitor.requests[0]
    anna = living(CALL)
    visitor.becomes(anna)
    anna.learns(answer_to(asked, DeliverySent, anna.now))

    assert anna.exits == ["completed"]


def test_a_condition_alone_is_waited_for_whatever_makes_it_true() -> None:
    life = living(POINTS + SAY)
    life.does("Page Viewed")
    life.waits(HOUR)
    scores(life, 20)
    assert life.requests == []
    scores(life, 90)

    assert len(life.requests) == 1


def test_a_condition_that_is_true_already_is_not_waited_for() -> None:
    life = living(POINTS + SAY)
    scores(life, 50)
    life.does("Page Viewed")

    assert len(life.requests) == 1


@pytest.mark.parametrize(
    ("step", "said"),
    [
        ("call: {data: {a: 1}}", "to"),
        ("call: {to: crm, within: 0s}", "longer than nothing"),
        ("voucher: {}", "pool"),
        ("audience: {add: a, remove: b}", "`add` to or to `remove` from"),
        ("audience: {}", "`add` to or to `remove` from"),
        ("wait_for: {within: 1h}", "which `event`"),
        ("wait_for: {when: customer.lead_score > 5, keep: {a: 1}, within: 1h}", "which `event`"),
    ],
)
def test_what_is_missing_is_said(step: str, said: str) -> None:
    content = playbook("asking", HEAD + f"  - {step}\n")

    with pytest.raises(DocumentError, match=said):
        parse_playbook(content.name, content.hash, content.files, {})
