"""What a publication makes of the passages under way: they move to the version in force, end, wait, or go on after a pause."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Final

from msgspec.structs import replace

from common.contracts.configuration import Overdue, Transition
from common.contracts.decisions import EnrollmentAdvanced, EnrollmentMigrated
from orchestrator.domain import reasons
from orchestrator.domain.journey import Journey
from orchestrator.domain.occasion import Occasion
from orchestrator.domain.passage.notes import Notes, end
from orchestrator.domain.program import Placed
from orchestrator.domain.state import Enrollment
from orchestrator.domain.steps import Wait, WaitFor

LATE: Final = timedelta(minutes=1)
"""What is less overdue is only on its way; nothing is chosen for it."""


def waits(placed: Placed) -> bool:
    """Whether a passage that rests here can be moved: what is asked of others, such as a call, is answered on its version."""
    return isinstance(placed.step, Wait | WaitFor)


def place_in(old: Journey, place: int, new: Journey, steps: Mapping[str, str]) -> int | None:
    """Where in the new version goes on who rests at this place of the old one; None: nowhere, it stays on the old one.

    By the map, else at the step of the same id and kind.
    """
    placed = old.steps[place]
    named = steps.get(placed.id)
    there = next(
        (n for n, one in enumerate(new.steps) if one.id == (named or placed.id) and waits(one)),
        None,
    )
    if not waits(placed) or there is None:
        return None
    same = new.steps[there].step.KIND == placed.step.KIND
    return there if same or named is not None else None


def places_left(old: Journey, new: Journey, steps: Mapping[str, str]) -> tuple[int, ...]:
    """The places of the old version from which passages go on in the new one."""
    return tuple(
        place for place in range(len(old.steps)) if place_in(old, place, new, steps) is not None
    )


def without_place(old: Journey, new: Journey, steps: Mapping[str, str]) -> Iterator[int]:
    """The waits of the old version from which nobody could go on in the new one."""
    for place, placed in enumerate(old.steps):
        if waits(placed) and place_in(old, place, new, steps) is None:
            yield place


def migrated(
    enrollment: Enrollment,
    old: Journey,
    new: Journey,
    transition: Transition,
    occasion: Occasion,
    notes: Notes,
) -> Enrollment:
    """The passage on the new version, due when it was due; where it has no place there, as it is."""
    place = place_in(old, enrollment.step, new, transition.steps)
    if place is None:
        return enrollment
    same = new.steps[place].step.KIND == old.steps[enrollment.step].step.KIND
    moved = replace(
        enrollment,
        version=new.version,
        step=place,
        # The same place may be another step here: what is decided there is another decision.
        rounds=enrollment.rounds + 1,
        way=enrollment.way if same else None,
    )
    # What was accepted before the publication may be folded after it.
    now = max(occasion.now, transition.at)
    if moved.due_at is not None and not moved.held and moved.due_at + LATE <= now:
        moved = on_time(moved, transition.overdue, now)
        notes.timers[moved.timer] = moved.due_at
    notes.told.append(
        EnrollmentMigrated(
            enrollment_id=enrollment.id,
            playbook=new.name,
            version=new.version,
            step=new.steps[place].said,
            from_version=old.version,
            from_step=old.steps[enrollment.step].said,
            due_at=moved.due_at,
        )
    )
    return moved


def cancelled(enrollment: Enrollment, notes: Notes) -> None:
    """End it, as the publication has it."""
    end(enrollment, reasons.CANCELLED_BY_PUBLICATION, notes)


def held(
    journey: Journey, enrollment: Enrollment, occasion: Occasion, notes: Notes, way: int | None
) -> Enrollment:
    """The passage of a paused playbook when it would go on: because its time is up, or into a block."""
    if enrollment.held and (way is None or enrollment.way is not None):
        return enrollment
    if not enrollment.held:
        notes.told.append(_advanced(journey, enrollment, reasons.HELD, None))
    if way is None:
        return replace(enrollment, held=True)
    notes.timers[enrollment.timer] = None
    return replace(enrollment, held=True, way=way, due_at=occasion.now)


def resumed(
    journey: Journey, enrollment: Enrollment, overdue: Overdue, occasion: Occasion, notes: Notes
) -> Enrollment:
    """What was held gets a timer again: with each its own, they do not all go on at one moment."""
    again = on_time(replace(enrollment, held=False), overdue, occasion.now)
    notes.timers[again.timer] = again.due_at
    notes.told.append(_advanced(journey, again, reasons.RESUMED, again.due_at))
    return again


def on_time(enrollment: Enrollment, overdue: Overdue, now: datetime) -> Enrollment:
    """When what is overdue is due instead; by the enrollment's id, so that it is the same however often it is asked."""
    match overdue.policy:
        case "spread":
            # In whole microseconds, which is what an instant has.
            microseconds = overdue.over // timedelta(microseconds=1)
            share = timedelta(microseconds=microseconds * enrollment.id.int >> 128)
            return replace(enrollment, due_at=now + share)
        case "run":
            return enrollment
        case "skip":
            return replace(enrollment, skips=True)


def _advanced(
    journey: Journey, enrollment: Enrollment, reason: str, due_at: datetime | None
) -> EnrollmentAdvanced:
    return EnrollmentAdvanced(
        enrollment_id=enrollment.id,
        playbook=journey.name,
        version=journey.version,
        step=journey.steps[enrollment.step].said,
        reason=reason,
        due_at=due_at,
    )
