"""How one profile's journeys react to an occasion: the passages under way first, then new ones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from msgspec.structs import replace

from common.contracts.payload import Payload
from common.errors import PermanentError
from orchestrator.domain import reasons
from orchestrator.domain.contacts import with_contact
from orchestrator.domain.journey import Journey, Occasion
from orchestrator.domain.library import Library
from orchestrator.domain.passage import (
    Notes,
    admits,
    advance,
    end,
    enter,
    remembered,
)
from orchestrator.domain.state import MAX_ENROLLMENTS, Enrollment, ProfileState


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
        return Reaction(_known(state, occasion, library))
    notes = Notes()
    moved = (_moved(one, occasion, library, notes) for one in state.enrollments)
    under_way = [one for one in moved if one is not None]
    for journey in library.active:
        if journey.triggered_by(occasion):
            under_way = _begun(journey, state, under_way, occasion, notes)
    contacts = state.contacts
    for contact in notes.contacts:
        contacts = with_contact(contacts, contact)
    after = replace(
        _known(state, occasion, library),
        enrollments=tuple(sorted(under_way, key=lambda one: (one.playbook, one.id))),
        contacts=contacts,
        passages=remembered(state.passages, notes.ended) if notes.ended else state.passages,
    )
    return Reaction(after, tuple(notes.told), notes.timers)


def _known(state: ProfileState, occasion: Occasion, library: Library) -> ProfileState:
    """The state with what the occasion lets us know, before anything comes of it."""
    heard = state.heard
    if occasion.activity is not None and occasion.activity.name in library.ending:
        heard = {name: at for name, at in heard.items() if name in library.ending}
        heard[occasion.activity.name] = occasion.now
    return replace(state, customer=occasion.customer, heard=heard)


def _moved(
    enrollment: Enrollment, occasion: Occasion, library: Library, notes: Notes
) -> Enrollment | None:
    try:
        journey = library.version(enrollment.playbook, enrollment.version)
    except PermanentError:
        end(enrollment, reasons.PLAYBOOK_ERROR, notes)
        return None
    return advance(journey, enrollment, occasion, notes)


def _begun(
    journey: Journey,
    state: ProfileState,
    under_way: list[Enrollment],
    occasion: Occasion,
    notes: Notes,
) -> list[Enrollment]:
    """The passages under way after a match of this journey's trigger; without a key entry admits nothing."""
    own = [one for one in under_way if one.playbook == journey.name]
    try:
        key = journey.entry.key_of(occasion)
    except PermanentError:
        return under_way
    if own and journey.entry.follows_customer:
        return [replace(one, key=key) if one in own else one for one in under_way]
    passed = [one for one in (*state.passages, *notes.ended) if one.playbook == journey.name]
    if len(under_way) >= MAX_ENROLLMENTS or not admits(journey, key, own, passed, occasion.now):
        return under_way
    begun = enter(journey, key, occasion, notes)
    return under_way if begun is None else [*under_way, begun]
