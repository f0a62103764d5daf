"""Play a scenario and compare what came of it with what was expected."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from typing_extensions import override

from common.contracts.actions import ActionRequested
from common.contracts.decisions import (
    DecisionMade,
    EnrollmentAdvanced,
    EnrollmentEmitted,
    EnrollmentEntered,
    EnrollmentExited,
)
from common.contracts.payload import Payload
from common.ids import derive
from cuestream.rehearsal.expecting import ERRANDS, Expected, said
from cuestream.rehearsal.life import Life
from cuestream.rehearsal.scenario import Scenario
from orchestrator.domain.library import Library
from orchestrator.domain.triggers.scheduled import TIMER

WORKSPACE: Final = "rehearsal"
_PRECISION: Final = timedelta(seconds=1)
_COMPLETE: Final = ("message", *ERRANDS)
"""The kinds of which every one has to be expected."""


@dataclass(frozen=True, slots=True)
class Happened:
    """One thing that came of it, in the words of `expect`."""

    after: timedelta
    kind: str
    what: Mapping[str, str]

    @override
    def __str__(self) -> str:
        return said(self.what, timedelta(seconds=int(self.after.total_seconds())))


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a scenario went."""

    scenario: Scenario
    happened: tuple[Happened, ...]
    failures: tuple[str, ...]
    """What was expected and did not come, and messages that came and were not expected; empty: it went well."""
    told: tuple[Payload, ...]


def play(scenario: Scenario, library: Library, playbook: str) -> Outcome:
    """Let it happen, then wait to the scenario's end, or where it says none until no passage waits any more.

    What other playbooks do in the same workspace is not looked at.
    """
    life = Life(lambda _: library, WORKSPACE, derive("rehearsal", scenario.name), scenario.start)
    life.answers = scenario.answers
    for number, moment in enumerate(scenario.given, start=1):
        life.waits(max(scenario.start + moment.at - life.now, timedelta()))
        life.learns(moment.make(life.now, number), history=moment.history)
    if scenario.until is None:
        _play_out(life)
    else:
        life.waits(max(scenario.start + scenario.until - life.now, timedelta()))
    told = [(at, one) for at, one in life.told if getattr(one, "playbook", "") == playbook]
    happened = tuple(
        Happened(at - scenario.start, *_WORDS[type(one)](one))
        for at, one in told
        if type(one) in _WORDS
    )
    return Outcome(
        scenario,
        happened,
        tuple(_compared(scenario.expect, happened)),
        tuple(one for _, one in told),
    )


def _play_out(life: Life) -> None:
    """Timers of dates and silences are set for ever; what waits is a passage."""
    while waiting := [due for name, due in life.timers.items() if not name.startswith(TIMER)]:
        life.waits(min(waiting) - life.now + _PRECISION)


def _compared(expect: Sequence[Expected], happened: Sequence[Happened]) -> Iterator[str]:
    left = list(happened)
    for one in expect:
        found = next((each for each in left if _is(one, each)), None)
        if found is None:
            yield f"line {one.line}: expected {one}{_instead(one, left)}"
        else:
            left.remove(found)
    for each in left:
        if each.kind in _COMPLETE:
            yield f"not expected: {each}"


def _is(expected: Expected, happened: Happened) -> bool:
    if expected.kind != happened.kind:
        return False
    if expected.at is not None and not timedelta() <= happened.after - expected.at <= _PRECISION:
        return False
    return all(happened.what.get(name) == value for name, value in expected.what.items())


def _instead(expected: Expected, left: Sequence[Happened]) -> str:
    same = [str(each) for each in left if each.kind == expected.kind]
    return f"; what came is {'; '.join(same)}" if same else "; nothing of the kind came"


def _requested(one: ActionRequested) -> tuple[str, dict[str, str]]:
    if one.kind == "message":
        return "message", {"message": one.message, "channel": one.channel}
    said = one.data.get("operation", "")
    return one.kind, {one.kind: one.message, "operation": str(said)}


def _decided(one: DecisionMade) -> tuple[str, dict[str, str]]:
    return "decision", {"decision": one.outcome, "reason": one.reason}


_WORDS: Final[Mapping[type[Payload], Callable[[Any], tuple[str, dict[str, str]]]]] = {
    ActionRequested: _requested,
    DecisionMade: _decided,
    EnrollmentEntered: lambda one: ("entered", {"entered": one.key}),
    EnrollmentExited: lambda one: ("exited", {"exited": one.reason}),
    EnrollmentAdvanced: lambda one: (
        "step",
        {"step": one.step.partition(":")[0], "reason": one.reason},
    ),
    EnrollmentEmitted: lambda one: ("emitted", {"emitted": one.name}),
}
