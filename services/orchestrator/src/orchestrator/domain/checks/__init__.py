"""What can be found wrong with a playbook that reads well: it would run, but not as anybody wants."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from common.documents import Finding
from orchestrator.domain.checks.events import begins_and_ends, unknown_events, waits_for_its_end
from orchestrator.domain.checks.flaw import Cap, Flaw, Severity, Surroundings
from orchestrator.domain.checks.flow import circles, dead_conditions, unreachable
from orchestrator.domain.checks.overlap import overlaps
from orchestrator.domain.checks.sending import (
    advertises,
    caps_are_met,
    expires_at_night,
    nobody_can_agree,
    unused_templates,
)
from orchestrator.domain.journey import Journey

_FLOW: Final[tuple[tuple[str, Callable[[Journey], Iterator[Finding]]], ...]] = (
    ("unreachable", unreachable),
    ("circle", circles),
    ("dead_condition", dead_conditions),
)
_AROUND: Final[tuple[Callable[[Journey, Surroundings], Iterator[Flaw]], ...]] = (
    unknown_events,
    begins_and_ends,
    waits_for_its_end,
    nobody_can_agree,
    expires_at_night,
    caps_are_met,
    advertises,
    unused_templates,
    overlaps,
)
"""Add a check here and nowhere else."""
NOWHERE: Final = Surroundings()


def check_journey(journey: Journey, around: Surroundings = NOWHERE) -> Iterator[Flaw]:
    """All flaws, in the order of the rules."""
    for rule, look in _FLOW:
        yield from (Flaw(rule, "error", finding) for finding in look(journey))
    for ask in _AROUND:
        yield from ask(journey, around)


__all__ = ["Cap", "Flaw", "Severity", "Surroundings", "check_journey"]
