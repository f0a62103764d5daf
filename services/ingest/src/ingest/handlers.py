"""The folds of resolve: whose event it is, what it teaches, and what others are told."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from common.consuming import Consequence, Folded, Record, Signal
from common.contracts.ingestion import EDGE, EventAccepted
from common.contracts.profiles import ContactChanged, WithdrawalRequested
from common.errors import PermanentError
from ingest.domain.activities import activity_of
from ingest.domain.identifiers import Identifier
from ingest.domain.people import (
    Learned,
    Merge,
    Names,
    People,
    Profile,
    Sighting,
    learn,
    resolve,
    withdrawals_of,
)
from ingest.domain.reading import read
from ingest.domain.segment import consents_of, hints_of, traits_of

LONGEST_REQUEST = timedelta(seconds=60)
"""What our edge receives it appends within its deadline, or refuses it."""


@dataclass(frozen=True, slots=True)
class Touched:
    """What one signal is about; signals that share any of it are folded on one state."""

    workspace: str
    identifiers: tuple[Identifier, ...] = ()
    profiles: tuple[UUID, ...] = ()
    event_id: UUID | None = None
    """Of an accepted event, which may have been seen before."""


def touched(signal: Signal) -> Touched:
    """Whom a signal is about.

    Raises:
        PermanentError: it cannot be understood; its fold will raise the same.
    """
    event = _record(signal).event
    if event.type == EventAccepted.TYPE:
        calls = read(event.payload(EventAccepted))
        return Touched(event.workspace, calls[0].identifiers, event_id=event.id)
    return Touched(event.workspace, profiles=(_subject(event.subject),))


def fold_accepted(state: People | None, signal: Signal, now: datetime) -> Folded[People]:
    """An accepted event: once per event id, however often it was sent."""
    record = _record(signal)
    event, people = record.event, state or People(signal.workspace)
    if event.id in people.seen:
        return Folded(people)
    payload = _received(record)
    calls = read(payload)
    if not calls[0].identifiers:
        return Folded(people)  # of a product, so of nobody here
    names = Names(calls[0].user, calls[0].anonymous, calls[0].former)
    resolved = resolve(people, names, now)
    people, profile_id = resolved.people, resolved.profile_id
    consequences = [told for merge in resolved.merges for told in _merged(merge)]
    for call in calls:
        learned = learn(
            people.profiles[profile_id],
            traits=traits_of(call),
            hints=hints_of(call),
            at=call.occurred_at,
            statements=consents_of(call, event.id),
        )
        people = _taken_in(people, profile_id, learned, now)
        consequences += _told(profile_id, learned, call.occurred_at)
        activity = activity_of(
            call, event_id=event.id, source=payload.source, version=learned.profile.version
        )
        if activity is not None:
            consequences.append(
                Consequence("profile.activity", activity, str(profile_id), call.occurred_at)
            )
    sighting = Sighting(profile_id, now, record.partition)
    return Folded(people.with_sighting(event.id, sighting), consequences=consequences)


def _received(record: Record) -> EventAccepted:
    """What was accepted, received when the log took it at the latest; from our own edge, not much earlier either.

    Strangers write here too: by a clock that is ahead they would date a consent after every withdrawal to come. By a clock
    that is behind, our edge would date a withdrawal before the consent that it ends, and an add before its time.
    """
    payload = record.event.payload(EventAccepted)
    at, appended_at = payload.received_at, record.appended_at
    if at.tzinfo is None:
        return payload
    # What an operator lets try again comes on another topic, long after it was received.
    ours = record.event.source == EDGE and record.topic in EventAccepted.TOPICS
    if at > appended_at or (ours and at < appended_at - LONGEST_REQUEST):
        return msgspec.structs.replace(payload, received_at=appended_at)
    return payload


def fold_withdrawal(state: People | None, signal: Signal, now: datetime) -> Folded[People]:
    """A withdrawal that the dispatcher already obeys; the ledger makes it last."""
    record = _record(signal)
    request = record.event.payload(WithdrawalRequested)
    if request.requested_at.tzinfo is None:
        raise PermanentError("undecodable", "requested_at has no zone")
    people, merged_id, _ = _known(state, record)
    profile_id = people.root(merged_id)
    profile = people.profiles[profile_id]
    statements = withdrawals_of(profile, request, record.event.id)
    learned = learn(profile, traits={}, hints={}, at=now, statements=statements)
    return Folded(
        _taken_in(people, profile_id, learned, now),
        consequences=_told(profile_id, learned, request.requested_at),
    )


def fold_snapshot(state: People | None, signal: Signal, now: datetime) -> Folded[People]:
    """A contact snapshot read back: when its version goes down, the current one is appended again.

    A process that was stopped between its commit and its publication may append an old one last, and compaction
    keeps the last. That holds for a merged profile, too: what is old of it is personal, so it does not become the winner's
    matter, but is followed by what is left of it.
    """
    record = _record(signal)
    version = record.event.payload(ContactChanged).profile_version
    people, profile_id, profile = _known(state, record)
    if version < profile.snapshot_read:
        return Folded(people, consequences=[_snapshot(profile_id, profile.snapshot, now)])
    if version == profile.snapshot_read:
        return Folded(people)
    read_back = msgspec.structs.replace(profile, snapshot_read=version)
    return Folded(people.with_profile(profile_id, read_back))


def _taken_in(people: People, profile_id: UUID, learned: Learned, now: datetime) -> People:
    people = people.touched(profile_id, now)
    if learned.profile is not people.profiles[profile_id]:
        people = people.with_profile(profile_id, learned.profile)
    return people.with_statements(profile_id, learned.ledger) if learned.ledger else people


def _merged(merge: Merge) -> list[Consequence]:
    """Both partitions hear of it; of the loser no address stays on the topic."""
    loser, winner = merge.merged.loser, merge.merged.winner
    return [
        *(Consequence("profile.activity", merge.merged, str(one)) for one in (loser, winner)),
        *(Consequence("profile.activity", told, str(winner)) for told in merge.told),
        *(
            Consequence("profile.contacts", profile.snapshot, str(one))
            for one, profile in ((loser, merge.loser), (winner, merge.winner))
        ),
    ]


def _told(profile_id: UUID, learned: Learned, time: datetime) -> list[Consequence]:
    told = [
        Consequence("profile.activity", payload, str(profile_id), time) for payload in learned.told
    ]
    if learned.snapshot is not None:
        told.append(_snapshot(profile_id, learned.snapshot, time))
    return told


def _snapshot(profile_id: UUID, snapshot: ContactChanged, time: datetime) -> Consequence:
    return Consequence("profile.contacts", snapshot, str(profile_id), time)


def _known(state: People | None, record: Record) -> tuple[People, UUID, Profile]:
    profile_id = _subject(record.event.subject)
    if state is None or profile_id not in state.profiles:
        raise PermanentError("unknown_profile", str(profile_id))
    return state, profile_id, state.profiles[profile_id]


def _subject(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise PermanentError("undecodable", "the subject is no profile id") from error


def _record(signal: Signal) -> Record:
    if not isinstance(signal, Record):
        raise PermanentError("unknown_timer", "resolve sets no timers")
    return signal
