"""I13: every proposal ends in exactly one final decision, and what was chosen in exactly one request; a passage is on one version."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

import msgspec

from common.contracts import Event, decode_event
from common.contracts.actions import ActionRequested
from common.contracts.decisions import (
    DecisionMade,
    EnrollmentEntered,
    EnrollmentExited,
    EnrollmentMigrated,
)
from common.errors import PermanentError
from common.streaming.ports import Place
from tests.fault.checker.report import Report
from tests.fault.history.model import History

_TOPICS: Final = ("journey.steps", "decisions", "action.requests")


@dataclass(slots=True)
class _Told:
    entered: set[UUID] = field(default_factory=set)
    exited: set[UUID] = field(default_factory=set)
    final: dict[UUID, tuple[UUID, str]] = field(default_factory=dict)
    """Decision → enrollment and outcome."""
    requested: dict[UUID, UUID] = field(default_factory=dict)
    """Decision → delivery."""
    versions: dict[UUID, set[str]] = field(default_factory=dict)
    """Enrollment → those that it began on, ended on or was decided on."""
    reached: dict[UUID, set[str]] = field(default_factory=dict)
    """Enrollment → those that it began on or was moved to."""
    moves: dict[tuple[UUID, str], UUID] = field(default_factory=dict)
    """Enrollment and the version that it left → what tells of it."""

    def on(self, enrollment: UUID, version: str) -> None:
        self.versions.setdefault(enrollment, set()).add(version)


def check_decisions(history: History, report: Report) -> None:
    """Each fact counts once however often the log repeats it."""
    told = _Told()
    places = [Place(topic, p) for topic in _TOPICS for p in range(history.partitions)]
    for place in places:
        for item in history.records(place):
            try:
                _hear(decode_event(item.value or b""), told, report)
            except PermanentError:
                continue  # poison: its readers put it aside
    report.count("decisions", len(told.final))
    _check_enrollments(told, _waiting(history), report)
    _check_versions(told, report)
    chosen = {decision for decision, (_, outcome) in told.final.items() if outcome == "chosen"}
    for decision in chosen - told.requested.keys():
        report.find("I13", "chosen, but not requested", decision, also="lost")
    for decision in told.requested.keys() - chosen:
        report.find("I13", "requested, but not chosen", decision, also="doubled")


def _check_enrollments(told: _Told, waiting: set[UUID], report: Report) -> None:
    decided = {enrollment for enrollment, _ in told.final.values()}
    for enrollment in told.entered - decided - waiting:
        report.find("I13", "an enrollment without a final decision", enrollment, also="lost")
    for enrollment in (told.exited | decided) - told.entered:
        report.find("I13", "an enrollment that never began", enrollment)
    for enrollment in told.exited & waiting:
        report.find("I13", "an enrollment that ended and goes on", enrollment)


def _check_versions(told: _Told, report: Report) -> None:
    for enrollment, versions in told.versions.items():
        if enrollment in told.entered and versions - told.reached[enrollment]:
            report.find("I13", "an enrollment on a version to which nothing moved it", enrollment)


def _migrate(id_: UUID, migrated: EnrollmentMigrated, told: _Told, report: Report) -> None:
    enrollment = migrated.enrollment_id
    told.on(enrollment, migrated.from_version)
    told.reached.setdefault(enrollment, set()).add(migrated.version)
    if told.moves.setdefault((enrollment, migrated.from_version), id_) != id_:
        report.find("I13", "an enrollment that was moved twice", enrollment, also="doubled")


def _hear(event: Event, told: _Told, report: Report) -> None:
    match event.type:
        case EnrollmentEntered.TYPE:
            entered = event.payload(EnrollmentEntered)
            told.entered.add(entered.enrollment_id)
            told.reached.setdefault(entered.enrollment_id, set()).add(entered.version)
        case EnrollmentMigrated.TYPE:
            _migrate(event.id, event.payload(EnrollmentMigrated), told, report)
        case EnrollmentExited.TYPE:
            exited = event.payload(EnrollmentExited)
            told.exited.add(exited.enrollment_id)
            told.on(exited.enrollment_id, exited.version)
        case DecisionMade.TYPE:
            _decide(event.payload(DecisionMade), told, report)
        case ActionRequested.TYPE:
            request = event.payload(ActionRequested)
            known = told.requested.setdefault(request.decision_id, request.delivery_id)
            if known != request.delivery_id:
                report.find("I13", "two requests for one decision", known, also="doubled")
        case _:
            pass


def _decide(decision: DecisionMade, told: _Told, report: Report) -> None:
    if decision.outcome == "deferred":
        return
    told.on(decision.enrollment_id, decision.version)
    ruled = (decision.enrollment_id, decision.outcome)
    if told.final.setdefault(decision.decision_id, ruled) != ruled:
        report.find(
            "I13", "two final decisions on one proposal", decision.decision_id, also="doubled"
        )


def _waiting(history: History) -> set[UUID]:
    """Enrollments that are still under way in the orchestrator's rows."""
    found: set[UUID] = set()
    for row in history.rows("orchestrator.profiles"):
        state: dict[str, Any] = msgspec.json.decode(row.state)
        inner = state.get("state") if "state" in state or "merged_into" in state else state
        found |= {UUID(one["id"]) for one in (inner or {}).get("enrollments", ())}
    return found
