"""A decision as far as two pasts are compared by it."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec

from common.contracts import Event
from common.contracts.actions import ActionRequested
from common.contracts.decisions import Candidate, DecisionMade, Outcome


class Fate(msgspec.Struct, frozen=True, order=True):
    """What was ruled, without when and on whom."""

    outcome: Outcome
    reason: str
    message: str | None = None
    """The one that is sent, or that was wanted most; None: it never came to one."""
    channel: str | None = None

    @property
    def sends(self) -> bool:
        return self.outcome == "chosen"


class Ruling(msgspec.Struct, frozen=True):
    """One decision on one passage."""

    decision_id: UUID
    trigger_id: UUID
    """What began the passage; it is the same, whatever the version that it began."""
    enrollment_id: UUID
    profile_id: UUID
    version: str
    at: datetime
    fate: Fate
    carries: tuple[str, ...] | None = None
    """The values that travel with the request, by name; None: none was made, or the log no longer holds it."""


def ruling_of(event: Event) -> Ruling:
    """What a record of `decisions` says.

    Raises:
        PermanentError: `undecodable`.
    """
    made = event.payload(DecisionMade)
    wanted = _wanted(made)
    message, channel = (None, None) if wanted is None else (wanted.message, wanted.channel)
    return Ruling(
        decision_id=made.decision_id,
        trigger_id=made.trigger_id,
        enrollment_id=made.enrollment_id,
        profile_id=UUID(event.subject),
        version=made.version,
        at=event.time,
        fate=Fate(made.outcome, made.reason, message, channel),
    )


def carried_by(request: ActionRequested) -> tuple[str, ...]:
    """What templates may print of the passage besides what began it."""
    names = [f"vars.{name}" for name in request.variables]
    return tuple(sorted([*names, *(f"parameters.{name}" for name in request.parameters)]))


def _wanted(made: DecisionMade) -> Candidate | None:
    """The candidate that was taken, else the first."""
    passed = (one for one in made.candidates if all(gate.ok for gate in one.gates))
    first = made.candidates[0] if made.candidates else None
    return next(passed, first) if made.outcome == "chosen" else first
