"""What all folds of resolve do: know whom a record is about, take in what was learned, and tell of it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from common.consuming import Consequence, Record, Signal
from common.contracts.profiles import ActivityRecorded, ContactChanged
from common.errors import PermanentError
from ingest.domain.people import Learned, People


def taken_in(people: People, profile_id: UUID, learned: Learned, now: datetime) -> People:
    people = people.touched(profile_id, now)
    if learned.profile is not people.profiles[profile_id]:
        people = people.with_profile(profile_id, learned.profile)
    return people.with_statements(profile_id, learned.ledger) if learned.ledger else people


def told_of(profile_id: UUID, learned: Learned, time: datetime) -> list[Consequence]:
    told = [
        Consequence("profile.activity", payload, str(profile_id), time) for payload in learned.told
    ]
    told += done_by(profile_id, learned.confirmed)
    if learned.snapshot is not None:
        told.append(snapshot_of(profile_id, learned.snapshot, time))
    return told


def done_by(profile_id: UUID, activities: Iterable[ActivityRecorded]) -> list[Consequence]:
    """Each at the instant at which it was done, which may be long before it could be told."""
    return [
        Consequence("profile.activity", activity, str(profile_id), activity.occurred_at)
        for activity in activities
    ]


def snapshot_of(profile_id: UUID, snapshot: ContactChanged, time: datetime) -> Consequence:
    return Consequence("profile.contacts", snapshot, str(profile_id), time)


def subject_of(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise PermanentError("undecodable", "the subject is no profile id") from error


def record_of(signal: Signal) -> Record:
    if not isinstance(signal, Record):
        raise PermanentError("unknown_timer", "resolve sets no timers")
    return signal
