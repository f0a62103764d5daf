"""How an enrollment moves through its journey: entering, resting, proposing, ending."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from msgspec.structs import replace

from common.contracts.decisions import (
    EnrollmentEntered,
)
from common.ids import derive
from orchestrator.domain import reasons
from orchestrator.domain.journey import Journey
from orchestrator.domain.occasion import Occasion
from orchestrator.domain.passage.course import Course
from orchestrator.domain.passage.notes import Notes, end
from orchestrator.domain.passage.succession import held
from orchestrator.domain.state import MAX_PASSAGES, Enrollment, Passage
from orchestrator.domain.steps import Go, Rest


def enter(journey: Journey, key: str, occasion: Occasion, notes: Notes) -> Enrollment | None:
    """Begin a passage; None where it is at its end at once."""
    enrollment = Enrollment(
        id=derive("enrollment", occasion.profile_id, journey.name, key, occasion.cause),
        playbook=journey.name,
        version=journey.version,
        key=key,
        trigger_id=occasion.cause,
        entered_at=occasion.now,
        renewed_at=occasion.happened_at,
        trigger=journey.remembered(occasion),
    )
    notes.told.append(
        EnrollmentEntered(
            enrollment_id=enrollment.id,
            playbook=journey.name,
            version=journey.version,
            trigger_id=occasion.cause,
            key=key,
        )
    )
    return Course(journey, occasion, notes).arrive(enrollment, 0)


def advance(
    journey: Journey,
    enrollment: Enrollment,
    occasion: Occasion,
    notes: Notes,
    *,
    paused: bool = False,
) -> Enrollment | None:
    """What the occasion does to a passage under way: exits first, whatever the step, then the step itself.

    Of a paused playbook it does not go on; a rest that activities begin anew begins anew all the same.
    """
    reason = journey.exit_reason(journey.visit(enrollment, occasion))
    if reason is not None:
        end(enrollment, reason, notes)
        return None
    course = Course(journey, occasion, notes)
    if occasion.timer is not None:
        return _due(course, enrollment, paused=paused)
    return _heard(course, enrollment, paused=paused)


def _due(course: Course, enrollment: Enrollment, *, paused: bool) -> Enrollment | None:
    """A timer fired."""
    journey, occasion = course.journey, course.occasion
    if not is_due(enrollment, occasion):
        return enrollment
    if paused:
        return held(journey, enrollment, occasion, course.notes, None)
    placed = journey.steps[enrollment.step]
    visit = journey.visit(enrollment, occasion)
    # What the person did during a pause has led it somewhere already.
    way = enrollment.way
    following = placed.step.due(visit) if way is None else Go(way)
    # It was told that it came to the step; where it just goes on there is nothing more to tell of it.
    if following == Go():
        return course.arrive(enrollment, placed.following)
    return course.follow(enrollment, following)


def _heard(course: Course, enrollment: Enrollment, *, paused: bool) -> Enrollment | None:
    """The person did something, something became known of them, or what was asked for is answered."""
    journey, occasion, notes = course.journey, course.occasion, course.notes
    move = journey.steps[enrollment.step].step.hear(journey.visit(enrollment, occasion))
    if move is None:
        return enrollment
    if isinstance(move, Rest):
        what = "" if occasion.activity is None else occasion.activity.name
        return course.rest(enrollment, move, reasons.restarted_by(what))
    if paused:
        way = move.block if isinstance(move, Go) else None
        return held(journey, enrollment, occasion, notes, way)
    notes.timers[enrollment.timer] = None
    going = replace(enrollment, due_at=None, held=False, way=None, skips=False)
    return course.follow(going, move)


def is_due(enrollment: Enrollment, occasion: Occasion) -> bool:
    """Whether the timer that fired is this passage's, and of its present rest: a restarted one has another instant."""
    if enrollment.held:
        return False
    return occasion.timer == enrollment.timer and occasion.due_at == enrollment.due_at


def admits(
    journey: Journey,
    key: str,
    under_way: Sequence[Enrollment],
    passed: Sequence[Passage],
    now: datetime,
) -> bool:
    """Whether a match may begin a passage: none with its key is under way, and earlier ones allow another.

    A passage that ended before its first proposal told the customer nothing, so it stands in nobody's way,
    except where the playbook is for once in a lifetime.
    """
    if any(one.key == key or journey.entry.follows_customer for one in under_way):
        return False
    if journey.entry.at_once is not None and len(under_way) >= journey.entry.at_once:
        return False
    match journey.entry.again:
        case "always":
            return True
        case "never":
            return not passed and not under_way
        case "per_key":
            return not any(one.key == key and one.proposed for one in passed)
        case timedelta() as pause:
            return not any(
                one.key == key and one.proposed and one.entered_at + pause > now for one in passed
            )


def remembered(passages: Sequence[Passage], ended: Sequence[Passage]) -> tuple[Passage, ...]:
    """The passages to remember: per playbook the newest that proposed, and one that did not."""
    kept = list(passages)
    for passage in ended:
        same = [one for one in kept if _takes_the_place_of(passage, one)]
        kept = [one for one in kept if one not in same] + [passage]
        own = [one for one in kept if one.playbook == passage.playbook]
        if len(own) > MAX_PASSAGES:
            kept.remove(min(own, key=lambda one: one.entered_at))
    return tuple(sorted(kept, key=lambda one: (one.playbook, one.key, one.entered_at)))


def _takes_the_place_of(new: Passage, old: Passage) -> bool:
    if new.playbook != old.playbook or new.proposed != old.proposed:
        return False
    return new.key == old.key or not new.proposed
