"""Events that nobody sends, and events that begin and end the same passage."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches
from typing import Final

from common.documents import Value, did_you_mean
from orchestrator.domain.checks.flaw import Flaw, Surroundings
from orchestrator.domain.journey import Journey
from orchestrator.domain.steps import Emit, Wait, WaitFor

_ENDS: Final = ("exit_when", "goal")
_ALIKE: Final = 0.85
"""From here on two names are taken for one that is misspelt."""


def unknown_events(journey: Journey, around: Surroundings) -> Iterator[Flaw]:
    """Each event that the tracking plan does not know, or that looks like a known one misspelt."""
    if not around.events:
        return
    emitted = {
        placed.step.event
        for one in (journey, *around.others)
        for placed in one.steps
        if isinstance(placed.step, Emit)
    }
    known = around.events | emitted
    for name, place in _named(journey):
        if name in known:
            continue
        hint = did_you_mean(name, sorted(known))
        if around.only_planned:
            said = f"the tracking plan knows no event `{name}`{hint}"
            yield Flaw("unknown_event", "error", place.finding(said))
        elif get_close_matches(name, list(known), n=1, cutoff=_ALIKE):
            said = f"nobody may ever send `{name}`{hint}"
            yield Flaw("unknown_event", "warning", place.finding(said))


def begins_and_ends(journey: Journey, _: Surroundings) -> Iterator[Flaw]:
    """The event that begins a passage ends the one that is under way."""
    begin = {name for name, _ in _listed(journey, "trigger")}
    for section in _ENDS:
        for name, place in _listed(journey, section, unconditional=True):
            if name in begin:
                said = f"`{name}` begins a passage and ends the one that is under way"
                yield Flaw("begins_and_ends", "warning", place.finding(said))


def waits_for_its_end(journey: Journey, _: Surroundings) -> Iterator[Flaw]:
    """A step listens to what has ended the passage before it hears of it."""
    ends = {one.event for one in journey.exits if one.event is not None and one.when is None}
    for placed in journey.steps:
        step = placed.step
        heard = step.events if isinstance(step, WaitFor) else frozenset[str]()
        if isinstance(step, Wait):
            heard = step.restart_on
        for name in sorted(heard & ends):
            said = f"`{name}` ends the passage before this step hears of it"
            yield Flaw("waits_for_its_end", "error", placed.finding(said))


def _named(journey: Journey) -> Iterator[tuple[str, Value]]:
    for section in ("trigger", *_ENDS):
        yield from _listed(journey, section)
    for placed in journey.steps:
        step = placed.step
        if isinstance(step, WaitFor):
            yield from ((name, placed.written) for name in sorted(step.events))
        elif isinstance(step, Wait):
            yield from ((name, placed.written) for name in sorted(step.restart_on))


def _listed(
    journey: Journey, section: str, *, unconditional: bool = False
) -> Iterator[tuple[str, Value]]:
    """The events of a section, each in its place."""
    written = journey.written.get(section)
    for value in written.one_or_more() if written is not None else ():
        event = value.entries().get("event")
        if section in _ENDS and unconditional and "when" in value.entries():
            continue
        for name in event.one_or_more() if event is not None else ():
            yield name.text(), name
