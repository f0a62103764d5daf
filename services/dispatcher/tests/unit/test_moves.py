"""The state machine, what verdicts and outcomes make of it, and what is told of it."""

from __future__ import annotations

from typing import get_args

import pytest

from common.errors import TransientError
from dispatcher.domain.delivery import MOVES, State
from dispatcher.domain.gate import AddressStanding, Hold, Send, Skip, Verdict, Wait
from dispatcher.domain.reasons import refusal
from dispatcher.domain.statuses import status_of
from dispatcher.jobs.moves import of_outcome, of_verdict
from dispatcher.ports import Accepted, Candidate, Change, OutcomeUnknown, Refused
from services.dispatcher.tests.making import NOW, SECOND, delivery, delivery_id, recipient


def candidate(state: State = "planned", announced: str = "", attempts: int = 0) -> Candidate:
    return Candidate(
        delivery=delivery(),
        state=state,
        announced=announced,
        attempts=attempts,
        claims=3,
        recipient=recipient(),
        read_in=frozenset({0}),
        address_hash="ab" * 16,
        address=AddressStanding(),
    )


def test_an_end_is_an_end() -> None:
    assert set(MOVES) == set(get_args(State))
    for end in ("sent", "failed", "unknown", "skipped"):
        assert not MOVES[end]


def test_nothing_is_sent_that_was_not_marked_as_transmitting() -> None:
    assert {state for state, after in MOVES.items() if "sent" in after} == {"transmitting"}
    assert {state for state, after in MOVES.items() if "transmitting" in after} == {"claimed"}


def test_a_move_that_is_not_in_the_machine_cannot_be_made() -> None:
    with pytest.raises(ValueError, match="no move"):
        Change(delivery_id(), 1, ("sent",), "planned")


@pytest.mark.parametrize("state", ["planned", "held"])
@pytest.mark.parametrize(
    ("verdict", "after"),
    [
        (Send("a@example.com"), "claimed"),
        (Skip("no_consent"), "skipped"),
        (Hold("halted", NOW), "held"),
    ],
)
def test_a_verdict_is_a_move(state: State, verdict: Verdict, after: State) -> None:
    change = of_verdict(candidate(state), verdict)

    assert (change.before, change.after, change.claims) == ((state,), after, 3)


@pytest.mark.parametrize("state", ["planned", "held"])
def test_waiting_changes_nothing_but_when_to_look_again(state: State) -> None:
    change = of_verdict(candidate(state), Wait(NOW + SECOND))

    assert (change.after, change.due_at, change.reason) == (state, NOW + SECOND, None)


def test_a_hold_is_told_once_per_reason() -> None:
    first = of_verdict(candidate(), Hold("halted", NOW))
    again = of_verdict(candidate("held", announced="halted"), Hold("halted", NOW))
    other = of_verdict(candidate("held", announced="halted"), Hold("contacts_behind", NOW))

    assert (first.announced, again.announced, other.announced) == (
        "halted",
        None,
        "contacts_behind",
    )


@pytest.mark.parametrize(
    ("outcome", "after", "reason"),
    [
        (Accepted("smtp"), "sent", ""),
        (Refused("smtp", "mailbox_full"), "failed", "mailbox_full"),
        (OutcomeUnknown("connection_lost"), "unknown", "connection_lost"),
        (TransientError("provider_deferred"), "held", "provider_deferred"),
        (TransientError("provider_unavailable"), "held", "provider_unavailable"),
        (TransientError("too_late"), "planned", None),
    ],
)
def test_an_outcome_is_a_move_of_that_claim_alone(
    outcome: Accepted | Refused | OutcomeUnknown | TransientError, after: State, reason: str | None
) -> None:
    change = of_outcome(candidate(), outcome, NOW)

    assert (change.before, change.after, change.reason, change.claims) == (
        ("transmitting",),
        after,
        reason,
        4,
    )


def test_a_retry_comes_later_each_time_but_not_after_the_expiry() -> None:
    again = TransientError("provider_deferred")

    first = of_outcome(candidate(), again, NOW).due_at
    third = of_outcome(candidate(attempts=2), again, NOW).due_at
    late = of_outcome(candidate(), again, delivery().request.expires_at).due_at

    assert first == NOW + 2 * SECOND
    assert third == NOW + 8 * SECOND
    assert late == delivery().request.expires_at


def test_claims_and_marks_are_nobody_elses_business() -> None:
    told = {state: status_of(delivery(), state, at=NOW) for state in get_args(State)}

    assert {state for state, status in told.items() if status is None} == {
        "planned",
        "claimed",
        "transmitting",
    }


def test_a_status_has_the_same_id_however_often_it_is_told() -> None:
    first = status_of(delivery(), "held", at=NOW, reason="halted", number=1)
    again = status_of(delivery(), "held", at=NOW + SECOND, reason="halted", number=1)
    second = status_of(delivery(), "held", at=NOW, reason="halted", number=2)

    assert first is not None
    assert again is not None
    assert second is not None
    assert first.id == again.id != second.id


@pytest.mark.parametrize(
    ("code", "enhanced", "reason"),
    [
        (550, "5.1.1", "address_unknown"),
        (550, "5.1.10", "address_unknown"),
        (550, "5.2.1", "address_unknown"),
        (552, "", "mailbox_full"),
        (550, "5.2.2", "mailbox_full"),
        (550, "5.7.26", "refused_by_policy"),
        (554, "", "refused"),
    ],
)
def test_only_an_address_that_is_not_there_is_condemned(
    code: int, enhanced: str, reason: str
) -> None:
    assert refusal(code, enhanced) == reason
