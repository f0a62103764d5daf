"""Words for every code that decisions, steps, exits, gates and payload types can carry."""

from __future__ import annotations

from datetime import timedelta

import pytest

from common.contracts import payload_types
from orchestrator.api.words import phrases
from orchestrator.api.words.reasons import EVENTS, GATES, REASONS, Facts, gate_words, reason
from orchestrator.api.words.telling import told_types
from orchestrator.domain import arbitration, reasons

CODES = (*reasons.CHOSEN, *reasons.REJECTED, *reasons.EXPIRED, *reasons.ENDED, *reasons.STEPPED)
TOLD_TOPICS = {
    "profile.activity",
    "profile.scores",
    "journey.steps",
    "decisions",
    "action.requests",
    "delivery.status",
}


@pytest.mark.parametrize("code", CODES)
def test_every_reason_of_a_decision_a_step_or_an_exit_has_words(code: str) -> None:
    assert code in REASONS


@pytest.mark.parametrize("code", REASONS)
def test_words_fill_in_what_they_name(code: str) -> None:
    words = reason(code, Facts(channel="email"))

    assert "{" not in words
    assert words == words.strip().rstrip(".")


@pytest.mark.parametrize("gate", [gate for gate, *_ in arbitration.GATES])
def test_every_gate_has_words(gate: str) -> None:
    assert gate in GATES
    assert "{" not in gate_words(gate, "", Facts(channel="sms"), ok=True)


def test_every_type_on_a_topic_of_the_story_has_a_sentence() -> None:
    types = {name for name, kind in payload_types().items() if TOLD_TOPICS & set(kind.TOPICS)}

    assert types <= set(told_types())


@pytest.mark.parametrize("event", EVENTS)
def test_an_exit_and_a_restart_by_a_known_event_are_told_by_what_happened(event: str) -> None:
    assert reason(reasons.exit_when(event), Facts()) == EVENTS[event]
    assert reason(reasons.restarted_by(event), Facts()) == f"anew, because {EVENTS[event]}"


def test_an_exit_by_a_condition_shows_the_condition() -> None:
    assert (
        reason("exit_when: customer.orders.count > 3", Facts())
        == "“customer.orders.count > 3” came true"
    )
    assert reason("exit_when: size(customer.cart.items) == 0", Facts()) == "the cart was emptied"


def test_a_playbooks_own_reason_is_shown_as_it_is() -> None:
    assert reason("bought_elsewhere", Facts()) == "bought elsewhere"


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.04, "40 ms"),
        (3, "3 s"),
        (3.25, "3.2 s"),
        (59, "59 s"),
        (90, "1 min 30 s"),
        (300, "5 min"),
        (7_800, "2 h 10 min"),
        (86_399.9, "1 d"),
        (3 * 86_400, "3 d"),
    ],
)
def test_a_span_is_told_as_people_say_it(seconds: float, words: str) -> None:
    assert phrases.length(timedelta(seconds=seconds)) == words


def test_money_is_told_in_its_currencys_units() -> None:
    assert phrases.money(1250, "EUR") == "12.50 EUR"
    assert phrases.money(1250, "JPY") == "1250 JPY"
