"""How one profile's journeys react to an occasion: the passages under way first, then new ones."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from msgspec.structs import replace

from common import customer as view
from common.contracts.decisions import EnrollmentEmitted
from common.contracts.payload import Payload
from common.contracts.profiles import ActivityRecorded
from common.errors import PermanentError
from orchestrator.domain import reasons
from orchestrator.domain.journey import Journey
from orchestrator.domain.library import Library
from orchestrator.domain.memory.contacts import with_contact
from orchestrator.domain.memory.interest import looked_at, told_of
from orchestrator.domain.memory.scheduling import scheduled
from orchestrator.domain.occasion import Occasion, Revocation
from orchestrator.domain.passage import (
    Notes,
    admits,
    advance,
    cancelled,
    end,
    enter,
    migrated,
    remembered,
    resumed,
)
from orchestrator.domain.state import MAX_ENROLLMENTS, Enrollment, ProfileState, Viewed

MAX_ECHOES: Final = 8
"""How far what journeys tell each other leads on; the static checks find circles, this is for what they overlook."""


@dataclass(frozen=True, slots=True)
class Reaction:
    """The state afterwards, what is told, and the timers set or cancelled."""

    state: ProfileState
    told: tuple[Payload, ...] = ()
    timers: Mapping[str, datetime | None] = field(default_factory=dict)


def react(state: ProfileState, occasion: Occasion, library: Library) -> Reaction:
    """React; playbooks in the order of their names, so that the same history gives the same output.

    What is wrong with one playbook ends its own passage and touches no other.
    """
    if occasion.history:
        notes = Notes()
        known = _known(state, occasion, library)
        armed = scheduled(state.schedules, occasion, library, notes)
        return Reaction(replace(known, schedules=armed), timers=notes.timers)
    told: list[Payload] = []
    timers: dict[str, datetime | None] = {}
    pending: deque[tuple[EnrollmentEmitted | None, int]] = deque([(None, 0)])
    while pending:
        emitted, echo = pending.popleft()
        one = occasion if emitted is None else _echo(emitted, occasion, state)
        # Each occasion has notes of its own: what one tells may be the occasion of the next.
        notes = Notes(state.contacts)
        state = _reacted(state, one, library, notes)
        timers |= notes.timers
        told += notes.told
        for emission in notes.emitted:
            heard = echo < MAX_ECHOES
            told.append(replace(emission, heard=heard))
            if heard:
                pending.append((emission, echo + 1))
    return Reaction(state, tuple(told), timers)


def _echo(emission: EnrollmentEmitted, occasion: Occasion, state: ProfileState) -> Occasion:
    """What a journey told, as something that happened to the person."""
    activity = ActivityRecorded(
        event_id=emission.event_id,
        name=emission.name,
        source=f"playbook:{emission.playbook}",
        message_id=str(emission.event_id),
        occurred_at=occasion.now,
        received_at=occasion.now,
        profile_version=0,
        properties=emission.properties,
    )
    return Occasion(
        profile_id=occasion.profile_id,
        customer=view.apply(state.customer, activity, now=occasion.now),
        before=(state.customer,),
        now=occasion.now,
        cause=emission.event_id,
        activity=activity,
    )


def _reacted(
    state: ProfileState, occasion: Occasion, library: Library, notes: Notes
) -> ProfileState:
    """The state after one occasion."""
    under_way: list[Enrollment] = []
    for enrollment in state.enrollments:
        moved = _moved(enrollment, occasion, library, notes)
        if moved is not None:
            under_way.append(moved)
    for journey in library.listening(occasion):
        if journey.triggered_by(occasion):
            begins = journey.name not in library.paused
            under_way = _begun(journey, state, under_way, occasion, notes, begins=begins)
    contacts = state.contacts
    for contact in notes.contacts:
        contacts = with_contact(contacts, contact)
    return replace(
        _known(state, occasion, library),
        schedules=scheduled(state.schedules, occasion, library, notes),
        enrollments=tuple(sorted(under_way, key=lambda one: (one.playbook, one.id))),
        contacts=contacts,
        passages=remembered(state.passages, notes.ended) if notes.ended else state.passages,
    )


def _known(state: ProfileState, occasion: Occasion, library: Library) -> ProfileState:
    """The state with what the occasion lets us know, before anything comes of it."""
    heard = state.heard
    if occasion.activity is not None and occasion.activity.name in library.ending:
        heard = {name: at for name, at in heard.items() if name in library.ending}
        name, at = occasion.activity.name, occasion.happened_at
        heard[name] = max(heard.get(name, at), at)
    return replace(
        state, customer=occasion.customer, heard=heard, viewed=_viewed(state, occasion, library)
    )


def _viewed(state: ProfileState, occasion: Occasion, library: Library) -> dict[str, Viewed]:
    if not library.looks_at_shelves:
        return {}
    shelf = occasion.shelf
    if shelf is not None:
        return told_of(state.viewed, shelf)
    if occasion.activity is None:
        return state.viewed
    return dict(looked_at(state.viewed, occasion.activity, occasion.happened_at))


def _moved(
    enrollment: Enrollment, occasion: Occasion, library: Library, notes: Notes
) -> Enrollment | None:
    if _is_revoked(enrollment, occasion.revokes):
        end(enrollment, reasons.REVOKED, notes)
        return None
    transition = library.transitions.get(enrollment.playbook)
    try:
        journey = library.version(enrollment.playbook, enrollment.version)
        if transition is not None and transition.to != journey.version:
            if transition.under_way == "cancel":
                cancelled(enrollment, notes)
                return None
            new = library.version(enrollment.playbook, transition.to)
            enrollment = migrated(enrollment, journey, new, transition, occasion, notes)
            journey = library.version(enrollment.playbook, enrollment.version)
    except PermanentError:
        end(enrollment, reasons.PLAYBOOK_ERROR, notes)
        return None
    paused = enrollment.playbook in library.paused
    # Whatever else happens may have been accepted long ago: what is spread from then on would come at once.
    if enrollment.held and occasion.woken and not paused:
        overdue = library.overdue(enrollment.playbook)
        enrollment = resumed(journey, enrollment, overdue, occasion, notes)
    return advance(journey, enrollment, occasion, notes, paused=paused)


def _is_revoked(enrollment: Enrollment, revocation: Revocation | None) -> bool:
    if revocation is None or revocation.playbook != enrollment.playbook:
        return False
    return revocation.enrollment_id in (None, enrollment.id)


def _begun(
    journey: Journey,
    state: ProfileState,
    under_way: list[Enrollment],
    occasion: Occasion,
    notes: Notes,
    *,
    begins: bool,
) -> list[Enrollment]:
    """The passages under way after a match of this journey's trigger; without a key entry admits nothing.

    Of a paused playbook none begins, but one that is under way has one more reason.

    In whatever order activities arrive, one begins nothing that has ended since it happened.
    """
    own = [one for one in under_way if one.playbook == journey.name]
    try:
        key = journey.entry.key_of(occasion)
    except PermanentError:
        return under_way
    if not journey.entry.admits(occasion):
        return under_way
    in_time, happened = journey.begun_by(occasion), occasion.happened_at
    if any(_is_about(one, key, journey) for one in own):
        return [
            _renewed(one, key, happened if in_time else one.since)
            if one in own and _is_about(one, key, journey)
            else one
            for one in under_way
        ]
    if not begins or not in_time or journey.ended_by(state.heard, happened) is not None:
        return under_way
    passed = [one for one in (*state.passages, *notes.ended) if one.playbook == journey.name]
    if len(under_way) >= MAX_ENROLLMENTS or not admits(journey, key, own, passed, occasion.now):
        return under_way
    begun = enter(journey, key, occasion, notes)
    return under_way if begun is None else [*under_way, begun]


def _is_about(enrollment: Enrollment, key: str, journey: Journey) -> bool:
    return enrollment.key == key or journey.entry.follows_customer


def _renewed(enrollment: Enrollment, key: str, at: datetime) -> Enrollment:
    """There is one more reason for the passage: what ended the earlier ones does not end it."""
    return replace(enrollment, key=key, renewed_at=max(enrollment.since, at))
