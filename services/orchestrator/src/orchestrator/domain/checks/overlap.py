"""Two playbooks that would say something to the same customer about the same thing."""

from __future__ import annotations

from collections.abc import Iterator

from orchestrator.domain.arbitration import TRANSACTIONAL
from orchestrator.domain.checks.flaw import Flaw, Surroundings
from orchestrator.domain.journey import Journey
from orchestrator.domain.triggers import Happening


def overlaps(journey: Journey, around: Surroundings) -> Iterator[Flaw]:
    """Another playbook of the same purpose that the same event begins under the same condition."""
    if journey.purpose == TRANSACTIONAL:
        return
    mine = _begun_by(journey)
    for other in around.others:
        both = mine & _begun_by(other) if other.purpose == journey.purpose else set()
        for event, _ in sorted(both):
            said = f"`{event}` also begins `{other.name}`: both would write to the same customer for {journey.purpose}"
            yield Flaw("overlaps", "warning", journey.written["trigger"].finding(said))


def _begun_by(journey: Journey) -> set[tuple[str, str]]:
    return {
        (event, "" if trigger.when is None else trigger.when.text)
        for trigger in journey.triggers
        if isinstance(trigger, Happening)
        for event in trigger.events
    }
