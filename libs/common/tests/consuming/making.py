"""Small makers for the runtime's tests."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import ClassVar
from uuid import UUID

import msgspec

from common.configuration import Configuration, Release
from common.consuming import Consequence, Folded, Handlers, Signal, TimerDue
from common.contracts import encode_event, event_bytes
from common.contracts.payload import Payload
from common.contracts.profiles import ActivityRecorded, LeadScored
from common.ids import derive
from common.streaming.ports import Fetched, Outgoing, Place

LOOP = "scoring.consume"
NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
RELEASES = Configuration(releases={"shop": Release("shop", 1, ())})


class Tally(msgspec.Struct, frozen=True):
    """The state of the ten-line service: how many activities, and how many silences."""

    count: int = 0
    silences: int = 0


def fold_activity(state: Tally | None, signal: Signal, now: datetime) -> Folded[Tally]:
    assert not isinstance(signal, TimerDue)
    activity = signal.event.payload(ActivityRecorded)
    if activity.name == "Poison":
        raise ZeroDivisionError
    old = state or Tally()
    new = msgspec.structs.replace(old, count=old.count + 1)
    score = LeadScored(
        score=new.count % 100, previous_score=None, grade="A", reasons=(), model_version="1"
    )
    consequence = Consequence("profile.scores", score, signal.event.subject)
    return Folded(new, {"silence": now + timedelta(seconds=10)}, (consequence,))


def fold_timer(state: Tally | None, signal: Signal, now: datetime) -> Folded[Tally]:
    assert isinstance(signal, TimerDue)
    old = state or Tally()
    new = msgspec.structs.replace(old, silences=old.silences + 1)
    score = LeadScored(score=0, previous_score=None, grade="Z", reasons=(), model_version="1")
    return Folded(new, {}, (Consequence("profile.scores", score, str(signal.profile_id)),))


def handlers(_: Configuration) -> Handlers[Tally]:
    return Handlers({ActivityRecorded.TYPE: fold_activity}, fold_timer)


def profile(number: int) -> UUID:
    return derive("test-profile", number)


class Odd(Payload, frozen=True, kw_only=True):
    """A type that no contract knows."""

    TYPE: ClassVar[str] = "odd.happened.v1"


def activity(who: UUID, name: str = "Product Viewed", message: str = "m") -> ActivityRecorded:
    return ActivityRecorded(
        event_id=derive("test-event", who, message),
        name=name,
        source="shop",
        message_id=message,
        occurred_at=NOW,
        received_at=NOW,
        profile_version=1,
    )


def outgoing(
    who: UUID,
    payload: Payload,
    *,
    workspace: str = "shop",
    message: str = "m",
    headers: dict[str, bytes] | None = None,
) -> Outgoing:
    identity = derive("test-record", who, message)
    event = encode_event(
        payload,
        id=identity,
        source="/test",
        subject=str(who),
        time=NOW,
        workspace=workspace,
        correlationid=identity,
    )
    return Outgoing(str(who).encode(), event_bytes(event), headers or {})


def fetched(
    record: Outgoing, offset: int, *, topic: str = "profile.activity", partition: int = 0
) -> Fetched:
    return Fetched(
        Place(topic, partition),
        offset,
        NOW + timedelta(milliseconds=offset),
        record.key,
        record.value,
        record.headers,
    )
