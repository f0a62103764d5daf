"""The folds of the orchestrator: what each signal does to a profile's view, journeys and contact log."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
from msgspec.structs import replace

from common import customer as view
from common.consuming import Consequence, Folded, Record, Signal, TimerDue
from common.contracts.decisions import (
    SHELF_NAMES,
    DecisionMade,
    EnrollmentRequested,
    EnrollmentRevoked,
    ShelfNoticed,
)
from common.contracts.deliveries import DeliveryStatus
from common.contracts.merging import ProfileHandedOver
from common.contracts.payload import Payload
from common.contracts.profiles import ActivityRecorded
from common.customer import Customer
from common.merging import Packed
from common.streaming.model import Fold
from orchestrator.domain.library import Library
from orchestrator.domain.memory.contacts import status_name, with_status
from orchestrator.domain.memory.interest import noticed, properties_of
from orchestrator.domain.merging import unite
from orchestrator.domain.occasion import Answer, Occasion, Revocation
from orchestrator.domain.packing import pack, unpack
from orchestrator.domain.reaction import Reaction, react
from orchestrator.domain.state import ProfileState

STRANGER = ProfileState()


@dataclass(frozen=True, slots=True)
class JourneyFolds:
    """The folds under one configuration; `library_of` gives a workspace's playbooks."""

    library_of: Callable[[str], Library]

    def activity(
        self, state: ProfileState | None, signal: Signal, now: datetime
    ) -> Folded[ProfileState]:
        """The person did something: it may begin, restart or end a passage."""
        record = _record(signal)
        known = state or STRANGER
        activity = record.event.payload(ActivityRecorded)
        occasion = Occasion(
            profile_id=record.profile_id,
            customer=view.apply(known.customer, activity, now=now),
            before=(known.customer,),
            now=now,
            cause=activity.event_id,
            activity=activity,
            history=record.history,
        )
        return self._reacted(known, occasion, signal)

    def news(self, payload: type[Payload]) -> Fold[ProfileState]:
        """The fold for what we learn about a person who did nothing: it may end a passage."""

        def fold(state: ProfileState | None, signal: Signal, now: datetime) -> Folded[ProfileState]:
            record = _record(signal)
            known = state or STRANGER
            customer = view.apply(known.customer, record.event.payload(payload), now=now)
            return self._reacted(known, _occasion(record, known, now, customer), signal)

        return fold

    def woken(
        self, state: ProfileState | None, signal: Signal, now: datetime
    ) -> Folded[ProfileState]:
        """A publication concerns the profile: what it means for its passages happens now."""
        record = _record(signal)
        known = state or STRANGER
        return self._reacted(known, _occasion(record, known, now, woken=True), signal)

    def enroll(
        self, state: ProfileState | None, signal: Signal, now: datetime
    ) -> Folded[ProfileState]:
        """Somebody asks that the profile enters a journey; it is told as an activity that only that journey hears of."""
        record = _record(signal)
        known, asked = state or STRANGER, record.event.payload(EnrollmentRequested)
        told = _told(record, now, asked.name, "api", asked.properties)
        occasion = _occasion(record, known, now, activity=told, enrolls=asked.playbook)
        return self._reacted(known, occasion, signal)

    def revoke(
        self, state: ProfileState | None, signal: Signal, now: datetime
    ) -> Folded[ProfileState]:
        """Somebody ends what the profile has under way in a journey."""
        record = _record(signal)
        known, asked = state or STRANGER, record.event.payload(EnrollmentRevoked)
        revokes = Revocation(asked.playbook, asked.enrollment_id)
        return self._reacted(known, _occasion(record, known, now, revokes=revokes), signal)

    def shelf(
        self, state: ProfileState | None, signal: Signal, now: datetime
    ) -> Folded[ProfileState]:
        """Something happened to a product that the person looked at; journeys hear of it as of an activity."""
        record = _record(signal)
        known, change = state or STRANGER, record.event.payload(ShelfNoticed)
        told = _told(record, now, SHELF_NAMES[change.change], "catalog", properties_of(change))
        shelf = noticed(known.viewed, change)
        occasion = _occasion(record, known, now, activity=told, shelf=shelf)
        return self._reacted(known, occasion, signal)

    def delivery(self, payload: type[DeliveryStatus]) -> Fold[ProfileState]:
        """The fold for one status of a delivery: the contact log sees it, or the passage that waits for it."""

        def fold(
            state: ProfileState | None,
            signal: Signal,
            now: datetime,
        ) -> Folded[ProfileState]:
            known, record = state or STRANGER, _record(signal)
            status = record.event.payload(payload)
            if status.kind == "message":
                return Folded(replace(known, contacts=with_status(known.contacts, status)))
            if not any(one.awaits == status.decision_id for one in known.enrollments):
                return Folded(known)
            answer = Answer(status.decision_id, status_name(payload), status.receipt)
            return self._reacted(known, _occasion(record, known, now, answer=answer), signal)

        return fold

    def due(
        self, state: ProfileState | None, signal: Signal, now: datetime
    ) -> Folded[ProfileState]:
        """A timer fired; everything that was accepted before it was due is in the state."""
        if not isinstance(signal, TimerDue):
            raise TypeError("the table gave a record to the timers' fold")
        known = state or STRANGER
        occasion = Occasion(
            profile_id=signal.profile_id,
            customer=view.at(known.customer, now),
            before=(known.customer,),
            now=now,
            cause=signal.cause,
            timer=signal.name,
            due_at=signal.due_at,
        )
        return self._reacted(known, occasion, signal)

    def _reacted(
        self, state: ProfileState, occasion: Occasion, signal: Signal
    ) -> Folded[ProfileState]:
        return _folded(react(state, occasion, self.library_of(signal.workspace)), occasion)


@dataclass(frozen=True, slots=True)
class JourneyMerger:
    """What becomes of a profile's journeys when it turns out to be another one."""

    library_of: Callable[[str], Library]

    def pack(self, state: ProfileState) -> Packed:
        resting = [one.timer for one in state.enrollments if one.due_at is not None]
        set_ = [name for name, due in state.schedules.items() if due is not None]
        return Packed(pack(state), [*resting, *set_])

    def unite(
        self, state: ProfileState | None, data: msgspec.Raw, signal: Record, now: datetime
    ) -> Folded[ProfileState]:
        ours, theirs = state or STRANGER, unpack(data)
        version = signal.event.payload(ProfileHandedOver).version
        occasion = Occasion(
            profile_id=signal.profile_id,
            customer=view.unite(ours.customer, theirs.customer, version=version, now=now),
            before=(ours.customer, theirs.customer),
            now=now,
            cause=signal.event.id,
        )
        return _folded(unite(ours, theirs, occasion, self.library_of(signal.workspace)), occasion)


def _occasion(
    record: Record,
    known: ProfileState,
    now: datetime,
    customer: Customer | None = None,
    **more: Any,
) -> Occasion:
    """What a record is to journeys; without a view of the customer after it, the one before at this moment."""
    return Occasion(
        profile_id=record.profile_id,
        customer=view.at(known.customer, now) if customer is None else customer,
        before=(known.customer,),
        now=now,
        cause=record.event.id,
        history=record.history,
        **more,
    )


def _told(
    record: Record, now: datetime, name: str, source: str, properties: dict[str, Any]
) -> ActivityRecorded:
    """What the person did not do, as journeys hear of it."""
    return ActivityRecorded(
        event_id=record.event.id,
        name=name,
        source=source,
        message_id=str(record.event.id),
        occurred_at=now,
        received_at=now,
        profile_version=0,
        properties=properties,
    )


def _folded(reaction: Reaction, occasion: Occasion) -> Folded[ProfileState]:
    if not reaction.told:
        return Folded(reaction.state, reaction.timers)
    profile = str(occasion.profile_id)
    told = [_consequence(payload, profile) for payload in reaction.told]
    return Folded(reaction.state, reaction.timers, told)


def _consequence(payload: Payload, profile: str) -> Consequence:
    # A decision's event has the decision's id, so that each is found by the other.
    id_ = payload.decision_id if isinstance(payload, DecisionMade) else None
    return Consequence(payload.TOPICS[0], payload, profile, id=id_)


def _record(signal: Signal) -> Record:
    if not isinstance(signal, Record):
        raise TypeError("the table gave a timer to a record's fold")
    return signal
