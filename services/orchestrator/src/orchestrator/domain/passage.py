"""How an enrollment moves through its journey: entering, resting, proposing, ending."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from msgspec.structs import replace

from common.contracts.actions import ActionRequested
from common.contracts.decisions import (
    DecisionMade,
    EnrollmentAdvanced,
    EnrollmentEntered,
    EnrollmentExited,
)
from common.contracts.payload import Payload
from common.ids import derive
from orchestrator.domain import reasons
from orchestrator.domain.arbitration import arbitrate
from orchestrator.domain.contacts import REQUESTED
from orchestrator.domain.journey import Journey, Occasion
from orchestrator.domain.state import MAX_PASSAGES, Contact, Enrollment, Passage
from orchestrator.domain.steps import Proposal, Rest

FIRST_VISIT: Final = 0
"""No step leads back yet; a step that is visited again counts on, so that each proposal has its own decision."""


@dataclass(slots=True)
class Notes:
    """What comes of one occasion, in the order in which it came."""

    told: list[Payload] = field(default_factory=list)
    timers: dict[str, datetime | None] = field(default_factory=dict)
    contacts: list[Contact] = field(default_factory=list)
    ended: list[Passage] = field(default_factory=list)


def enter(journey: Journey, key: str, occasion: Occasion, notes: Notes) -> Enrollment | None:
    """Begin a passage; None where it is at its end at once."""
    enrollment = Enrollment(
        id=derive("enrollment", occasion.profile_id, journey.name, key, occasion.cause),
        playbook=journey.name,
        version=journey.version,
        key=key,
        trigger_id=occasion.cause,
        entered_at=occasion.now,
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
    return _arrive(journey, enrollment, 0, occasion, notes)


def advance(
    journey: Journey, enrollment: Enrollment, occasion: Occasion, notes: Notes
) -> Enrollment | None:
    """What the occasion does to a passage under way: exits first, whatever the step, then the step itself."""
    reason = journey.exit_reason(occasion)
    if reason is not None:
        end(enrollment, reason, notes)
        return None
    if occasion.timer is not None:
        if not is_due(enrollment, occasion):
            return enrollment
        return _arrive(journey, enrollment, enrollment.step + 1, occasion, notes)
    if occasion.activity is None:
        return enrollment
    name = occasion.activity.name
    rest = journey.steps[enrollment.step].hear(name, occasion.now)
    if rest is None:
        return enrollment
    renewed = replace(enrollment, renewed_at=occasion.now)
    return _rest(journey, renewed, rest, reasons.restarted_by(name), notes)


def is_due(enrollment: Enrollment, occasion: Occasion) -> bool:
    """Whether the timer that fired is this passage's, and of its present rest: a restarted one has another instant."""
    return occasion.timer == enrollment.timer and occasion.due_at == enrollment.due_at


def end(enrollment: Enrollment, reason: str, notes: Notes) -> None:
    """End the passage; one that ends before its first proposal is ruled on all the same."""
    if not enrollment.proposed:
        notes.told.append(
            DecisionMade(
                decision_id=derive("decision", enrollment.id, enrollment.step, FIRST_VISIT),
                trigger_id=enrollment.trigger_id,
                enrollment_id=enrollment.id,
                playbook=enrollment.playbook,
                version=enrollment.version,
                outcome="cancelled",
                reason=reason,
                due_at=enrollment.due_at,
            )
        )
    if enrollment.due_at is not None:
        notes.timers[enrollment.timer] = None
    notes.told.append(
        EnrollmentExited(
            enrollment_id=enrollment.id,
            playbook=enrollment.playbook,
            version=enrollment.version,
            reason=reason,
        )
    )
    notes.ended.append(
        Passage(enrollment.playbook, enrollment.key, enrollment.entered_at, enrollment.proposed)
    )


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


def _arrive(
    journey: Journey, enrollment: Enrollment, index: int, occasion: Occasion, notes: Notes
) -> Enrollment | None:
    """Go on from step to step until one makes the enrollment rest, or to the end."""
    standing = enrollment
    while index < len(journey.steps):
        move = journey.steps[index].arrive(occasion.now)
        standing = replace(standing, step=index)
        if isinstance(move, Rest):
            return _rest(journey, standing, move, reasons.ARRIVED, notes)
        standing = _propose(journey, standing, move, occasion, notes)
        index += 1
    end(standing, reasons.COMPLETED, notes)
    return None


def _rest(
    journey: Journey, enrollment: Enrollment, rest: Rest, reason: str, notes: Notes
) -> Enrollment:
    notes.timers[enrollment.timer] = rest.until
    notes.told.append(_advanced(journey, enrollment, reason, rest.until))
    return replace(enrollment, due_at=rest.until)


def _propose(
    journey: Journey, enrollment: Enrollment, proposal: Proposal, occasion: Occasion, notes: Notes
) -> Enrollment:
    ruling = arbitrate(journey, proposal, occasion.customer)
    decision = DecisionMade(
        decision_id=derive("decision", enrollment.id, enrollment.step, FIRST_VISIT),
        trigger_id=enrollment.trigger_id,
        enrollment_id=enrollment.id,
        playbook=journey.name,
        version=journey.version,
        outcome=ruling.outcome,
        reason=ruling.reason,
        candidates=ruling.candidates,
        due_at=occasion.due_at,
    )
    notes.told += [_advanced(journey, enrollment, reasons.ARRIVED, None), decision]
    if ruling.channel is not None:
        _request(journey, decision, proposal, ruling.channel, occasion, notes)
    # The timer that led here has fired; a step that makes it rest sets the next.
    return replace(enrollment, proposed=True, due_at=None)


def _request(
    journey: Journey,
    decision: DecisionMade,
    proposal: Proposal,
    channel: str,
    occasion: Occasion,
    notes: Notes,
) -> None:
    notes.told.append(
        ActionRequested(
            delivery_id=derive("delivery", decision.decision_id),
            decision_id=decision.decision_id,
            enrollment_id=decision.enrollment_id,
            playbook=journey.name,
            version=journey.version,
            message=proposal.message,
            channel=channel,
            purpose=journey.purpose,
            expires_at=occasion.now + proposal.expires_after,
            due_at=decision.due_at,
            cart=occasion.customer.cart.items,
        )
    )
    notes.contacts.append(
        Contact(
            decision_id=decision.decision_id,
            playbook=journey.name,
            message=proposal.message,
            channel=channel,
            at=occasion.now,
            status=REQUESTED,
        )
    )


def _advanced(
    journey: Journey, enrollment: Enrollment, reason: str, due_at: datetime | None
) -> EnrollmentAdvanced:
    return EnrollmentAdvanced(
        enrollment_id=enrollment.id,
        playbook=journey.name,
        version=journey.version,
        step=f"{enrollment.step}:{journey.steps[enrollment.step].KIND}",
        reason=reason,
        due_at=due_at,
    )
