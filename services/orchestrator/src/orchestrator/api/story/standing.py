"""What a story comes down to: seen when, scored how, waiting where, what was decided and sent."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from uuid import UUID

from common.contracts.decisions import (
    DecisionMade,
    EnrollmentAdvanced,
    EnrollmentEntered,
    EnrollmentExited,
    EnrollmentMigrated,
)
from common.contracts.profiles import (
    ActivityRecorded,
    ConsentChanged,
    LeadScored,
    TraitsChanged,
)
from orchestrator.api.story.entries import Entry, Standing, Waiting


@dataclass(slots=True)
class _Sum:
    standing: Standing = field(default_factory=Standing)
    activities: Counter[str] = field(default_factory=Counter)
    outcomes: Counter[str] = field(default_factory=Counter)
    deliveries: dict[str, str] = field(default_factory=dict)
    waiting: dict[str, Waiting] = field(default_factory=dict)


def standing_of(entries: Iterable[Entry], *, of: UUID | None = None) -> Standing:
    """Add up entries that are in time order; how a merged profile stood says nothing of the one that it has become."""
    total = _Sum()
    for entry in entries:
        if not entry.readable or (entry.type in _OWN and of and entry.profile_id != str(of)):
            continue
        if entry.topic == "delivery.status":
            total.deliveries[entry.data["delivery_id"]] = entry.type.split(".")[1]
        elif (add := _ADD.get(entry.type)) is not None:
            add(total, entry)
    return total.standing.model_copy(
        update={
            "activities": dict(total.activities.most_common()),
            "outcomes": dict(total.outcomes),
            "deliveries": dict(Counter(total.deliveries.values())),
            "waiting": list(total.waiting.values()),
        }
    )


def _activity(total: _Sum, entry: Entry) -> None:
    total.activities[entry.data["name"]] += 1
    standing = total.standing
    standing.first_seen_at = standing.first_seen_at or entry.at
    standing.last_seen_at = entry.at


def _traits(total: _Sum, entry: Entry) -> None:
    total.standing.locale = entry.data.get("locale")
    total.standing.reachable = list(entry.data.get("reachable", ()))


def _consent(total: _Sum, entry: Entry) -> None:
    consents = total.standing.consents
    total.standing.consents = consents | {
        f"{entry.data['channel']}.{entry.data['purpose']}": entry.data["granted"]
    }


def _scored(total: _Sum, entry: Entry) -> None:
    total.standing.lead_score = entry.data["score"]
    total.standing.lead_grade = entry.data["grade"]


def _moved(total: _Sum, entry: Entry) -> None:
    total.waiting[entry.data["enrollment_id"]] = Waiting.model_validate(
        {"step": "", "since": entry.at, "due_at": None} | entry.data
    )


def _exited(total: _Sum, entry: Entry) -> None:
    total.waiting.pop(entry.data["enrollment_id"], None)


def _decided(total: _Sum, entry: Entry) -> None:
    total.outcomes[entry.data["outcome"]] += 1


_OWN = (TraitsChanged.TYPE, LeadScored.TYPE)
_ADD: Mapping[str, Callable[[_Sum, Entry], None]] = {
    ActivityRecorded.TYPE: _activity,
    TraitsChanged.TYPE: _traits,
    ConsentChanged.TYPE: _consent,
    LeadScored.TYPE: _scored,
    EnrollmentEntered.TYPE: _moved,
    EnrollmentAdvanced.TYPE: _moved,
    EnrollmentMigrated.TYPE: _moved,
    EnrollmentExited.TYPE: _exited,
    DecisionMade.TYPE: _decided,
}
