"""Which steps and ways of a playbook its tests have gone through."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from common.contracts.decisions import EnrollmentAdvanced, EnrollmentEmitted
from common.contracts.payload import Payload
from orchestrator.domain import reasons
from orchestrator.domain.journey import Journey
from orchestrator.domain.program import Placed


@dataclass(frozen=True, slots=True)
class Coverage:
    """Of what there is, what nobody went through."""

    steps: int
    ways: int
    missed_steps: tuple[Placed, ...]
    missed_ways: tuple[tuple[Placed, str], ...]

    @property
    def percent(self) -> int:
        """Of steps and ways together; rounded down, so that 100 means all."""
        total = self.steps + self.ways
        missed = len(self.missed_steps) + len(self.missed_ways)
        return 100 * (total - missed) // total if total else 100


def coverage_of(journey: Journey, told: Iterable[Payload]) -> Coverage:
    """What the journey told of its steps while its tests were played."""
    stepped: set[str] = set()
    taken: set[tuple[str, str]] = set()
    for one in told:
        if isinstance(one, EnrollmentAdvanced | EnrollmentEmitted):
            stepped.add(one.step.partition(":")[0])
        if isinstance(one, EnrollmentAdvanced):
            taken.add((one.step.partition(":")[0], one.reason))
    ways = [(placed, way) for placed in journey.steps for way in placed.ways]
    return Coverage(
        steps=len(journey.steps),
        ways=len(ways),
        missed_steps=tuple(one for one in journey.steps if one.id not in stepped),
        missed_ways=tuple(
            (placed, way) for placed, way in ways if (placed.id, reasons.took_way(way)) not in taken
        ),
    )
