"""Somebody asks that a profile enters a journey, or ends what it has under way: entry decides, and nobody else hears of it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from common.configuration import Configuration
from common.contracts.decisions import EnrollmentRequested, EnrollmentRevoked
from common.ids import derive
from services.orchestrator.tests.living import VISITOR, Life, configuration, playbook

CALLED = """\
purpose: marketing
trigger: [{api: Contract Signed}, {event: Page Viewed}]
entry: {again: AGAIN, when: "customer.orders.count == 0"}
steps:
  - branch:
      - when: trigger.name == "Contract Signed" && has(trigger.properties.plan) && trigger.properties.plan == "large"
        steps: [{wait: {for: 1h}}]
  - wait: {for: 30m}
  - propose: {message: reminder, channels: [email], expires_after: 24h}
"""
HEARING = """\
purpose: marketing
trigger: {event: Contract Signed}
entry: {again: always}
steps:
  - propose: {message: reminder, channels: [email], expires_after: 24h}
"""


def shop(again: str = "always", **says: Any) -> Configuration:
    return configuration(
        playbook("called", CALLED.replace("AGAIN", again)), playbook("hearing", HEARING), **says
    )


def asks(life: Life, name: str = "called", **properties: Any) -> None:
    life.learns(EnrollmentRequested(playbook=name, name="Contract Signed", properties=properties))


def revokes(life: Life, number: int | None = None, name: str = "called") -> None:
    which = None if number is None else life.entered[number].enrollment_id
    life.learns(EnrollmentRevoked(playbook=name, enrollment_id=which))


def test_a_call_begins_a_passage_with_what_it_says_and_no_other_journey_hears_of_it() -> None:
    life = Life(shop())
    asks(life, plan="large")
    life.waits(timedelta(minutes=89))
    assert life.requests == []
    life.waits(timedelta(minutes=2))

    assert [one.playbook for one in life.entered] == ["called"]
    assert len(life.requests) == 1


def test_a_call_is_nothing_that_the_person_did() -> None:
    life = Life(shop())
    asks(life)

    assert life.state is not None
    assert life.state.customer.counts == {}
    assert life.state.customer.last_seen is None


def test_entry_decides_as_ever() -> None:
    life = Life(shop("never"))
    asks(life)
    asks(life)
    life.waits(timedelta(hours=2))
    asks(life)
    assert len(life.entered) == 1

    buyer = Life(shop(), who=VISITOR)
    buyer.does("Order Completed", order_id="O-1")
    asks(buyer)
    assert buyer.entered == []


def test_a_playbook_that_is_not_in_force_or_paused_takes_nobody() -> None:
    life = Life(shop())
    asks(life, "unknown")
    assert life.entered == []

    paused = Life(shop(paused=("called",)), who=VISITOR)
    asks(paused)
    assert paused.entered == []


def test_history_enrols_nobody() -> None:
    life = Life(shop())
    life.learns(EnrollmentRequested(playbook="called", name="Contract Signed"), history=True)

    assert life.entered == []


def test_what_is_revoked_ends_at_once_with_its_decision() -> None:
    life = Life(shop())
    asks(life)
    revokes(life)

    assert life.exits == ["revoked"]
    assert life.decisions == [("cancelled", "revoked")]
    assert life.timers == {}


def test_one_passage_or_one_journey_is_revoked_and_no_other() -> None:
    life = Life(configuration(playbook("called", CALLED.replace("AGAIN", "always"))))
    asks(life)
    life.learns(EnrollmentRevoked(playbook="called", enrollment_id=derive("another")))
    life.learns(EnrollmentRevoked(playbook="hearing"))
    assert life.exits == []
    revokes(life, 0)

    assert life.exits == ["revoked"]
