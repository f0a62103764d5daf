"""One record as one sentence: the table from payload type to words."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from typing import Any, TypeVar

from common.contracts import Event, Payload
from common.contracts.actions import ActionRequested
from common.contracts.decisions import (
    DecisionMade,
    EnrollmentAdvanced,
    EnrollmentEmitted,
    EnrollmentEntered,
    EnrollmentExited,
    EnrollmentMigrated,
)
from common.contracts.deliveries import (
    DeliveryBounced,
    DeliveryClicked,
    DeliveryComplained,
    DeliveryDelivered,
    DeliveryFailed,
    DeliveryHeld,
    DeliveryOpened,
    DeliverySent,
    DeliverySkipped,
    DeliveryUnknown,
)
from common.contracts.profiles import (
    ActivityRecorded,
    ConsentChanged,
    LeadScoreCrossed,
    LeadScored,
    ProfileMerged,
    TraitsChanged,
)
from common.errors import PermanentError
from orchestrator.api.words import activities, deliveries, journeys
from orchestrator.api.words.line import Line, Past

P = TypeVar("P", bound=Payload)
Say = Callable[[Any, datetime, Past], Line]


def _alone(say: Callable[[P], Line]) -> Say:
    return lambda payload, _at, _past: say(payload)


def _dated(say: Callable[[P, datetime], Line]) -> Say:
    return lambda payload, at, _past: say(payload, at)


def _looking_back(say: Callable[[P, Past], Line]) -> Say:
    return lambda payload, _at, past: say(payload, past)


_SENTENCES: Mapping[type[Payload], Say] = {
    ActivityRecorded: _dated(activities.activity),
    TraitsChanged: _alone(activities.traits),
    ConsentChanged: _alone(activities.consent),
    ProfileMerged: _alone(activities.merged),
    LeadScored: _alone(activities.lead_scored),
    LeadScoreCrossed: _alone(activities.lead_score_crossed),
    EnrollmentEntered: _looking_back(journeys.entered),
    EnrollmentAdvanced: journeys.advanced,
    EnrollmentEmitted: _alone(journeys.emitted),
    EnrollmentMigrated: journeys.migrated,
    EnrollmentExited: _alone(journeys.exited),
    DecisionMade: journeys.decision,
    ActionRequested: _dated(journeys.requested),
    DeliverySkipped: _alone(deliveries.skipped),
    DeliveryHeld: _alone(deliveries.held),
    DeliverySent: _looking_back(deliveries.sent),
    DeliveryDelivered: _alone(deliveries.delivered),
    DeliveryOpened: _alone(deliveries.opened),
    DeliveryClicked: _alone(deliveries.clicked),
    DeliveryBounced: _alone(deliveries.bounced),
    DeliveryComplained: _alone(deliveries.complained),
    DeliveryFailed: _alone(deliveries.failed),
    DeliveryUnknown: _alone(deliveries.unknown),
}
_BY_TYPE: Mapping[str, tuple[type[Payload], Say]] = {
    kind.TYPE: (kind, say) for kind, say in _SENTENCES.items()
}


def told_types() -> Collection[str]:
    """The types for which there is a sentence."""
    return _BY_TYPE.keys()


def tell(event: Event, at: datetime, past: Past) -> tuple[Line, Payload | None]:
    """The event's sentence, and its payload where the type is known; `past` remembers what was told."""
    known = _BY_TYPE.get(event.type)
    if known is None:
        return Line(_unknown(event.type)), None
    kind, say = known
    try:
        payload = event.payload(kind)
    except PermanentError:
        return Line(f"{_unknown(event.type)}, unreadable", "bad"), None
    return say(payload, at, past), payload


def _unknown(type_: str) -> str:
    """`profile.erased.v1` becomes `Profile erased`: readable until somebody writes a sentence for it."""
    words = type_.rpartition(".")[0].replace(".", " ").replace("_", " ")
    return words[:1].upper() + words[1:]
