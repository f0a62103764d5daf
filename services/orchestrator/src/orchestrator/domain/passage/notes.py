"""What comes of one occasion, and how a passage ends."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec

from common.contracts.decisions import (
    DecisionMade,
    EnrollmentEmitted,
    EnrollmentExited,
)
from common.contracts.payload import Payload
from common.ids import derive
from orchestrator.domain.state import Contact, Enrollment, Passage


class Notes(msgspec.Struct):
    """What comes of one occasion, in the order in which it came."""

    log: tuple[Contact, ...] = ()
    """The contact log before it."""
    told: list[Payload] = []
    timers: dict[str, datetime | None] = {}
    contacts: list[Contact] = []
    ended: list[Passage] = []
    emitted: list[EnrollmentEmitted] = []
    """What journeys tell each other."""


def end(enrollment: Enrollment, reason: str, notes: Notes) -> None:
    """End the passage; one that ends before its first proposal is ruled on all the same."""
    if not enrollment.proposed:
        notes.told.append(
            DecisionMade(
                decision_id=decision_id(enrollment),
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


def decision_id(enrollment: Enrollment) -> UUID:
    """A step that is visited again, in another round, has another decision."""
    return derive("decision", enrollment.id, enrollment.step, enrollment.rounds)
