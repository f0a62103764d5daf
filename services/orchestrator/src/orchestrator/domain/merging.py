"""What becomes of journeys when two profiles turn out to be one person: each goes on once, as far as it had come."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain

from msgspec.structs import replace

from common.customer import Customer
from common.errors import PermanentError
from orchestrator.domain import reasons
from orchestrator.domain.journey import Journey
from orchestrator.domain.library import Library
from orchestrator.domain.memory.contacts import united as united_contacts
from orchestrator.domain.memory.interest import united as viewed_by_both
from orchestrator.domain.occasion import Occasion
from orchestrator.domain.passage import Notes, admits, end, remembered
from orchestrator.domain.reaction import Reaction, react
from orchestrator.domain.state import MAX_ENROLLMENTS, Enrollment, Passage, ProfileState


@dataclass(frozen=True, slots=True)
class _Side:
    """One of the two, in the words of the person they are."""

    enrollments: tuple[Enrollment, ...]
    passages: tuple[Passage, ...]
    heard: dict[str, datetime]


def unite(
    ours: ProfileState, theirs: ProfileState, occasion: Occasion, library: Library
) -> Reaction:
    """Our state with theirs in it; the occasion holds the united view.

    Passages are what they would have been, had it been one profile from the beginning: what one of the two did ends the
    other's, nobody is reminded twice of what is one cart, and of two under way in one place the one further on stays.
    """
    notes = Notes()
    sides = [_renamed(state, occasion, library) for state in (ours, theirs)]
    known = {one.id for one in ours.enrollments}
    went_on = [
        one
        for side, other in zip(sides, reversed(sides), strict=True)
        for one in side.enrollments
        if side is sides[0] or one.id not in known
        if _goes_on(one, other, library, notes)
    ]
    kept = _bounded(_collapsed(went_on, library, notes), notes)
    timers = notes.timers | _timers(kept, ours.enrollments)
    whole = replace(
        ours,
        enrollments=tuple(sorted(kept, key=lambda one: (one.playbook, one.id))),
        contacts=united_contacts(ours.contacts, theirs.contacts),
        passages=_passages(sides, notes.ended),
        heard=_latest(ours.heard, theirs.heard),
        viewed=viewed_by_both(ours.viewed, theirs.viewed),
    )
    reaction = react(whole, occasion, library)
    return Reaction(reaction.state, (*notes.told, *reaction.told), {**timers, **reaction.timers})


def _renamed(state: ProfileState, occasion: Occasion, library: Library) -> _Side:
    """With the keys that the united view gives: two carts that are one have one id."""

    def key(one: Enrollment | Passage, journey: Journey | None) -> str:
        if journey is None or not journey.entry.follows_customer:
            return one.key
        before, after = _key(journey, occasion, state.customer), _key(journey, occasion)
        moved = isinstance(one, Enrollment) or one.key == before
        return after if before and after and moved else one.key

    active = {journey.name: journey for journey in library.active}
    return _Side(
        tuple(replace(one, key=key(one, _journey(one, library))) for one in state.enrollments),
        tuple(replace(one, key=key(one, active.get(one.playbook))) for one in state.passages),
        state.heard,
    )


def _key(journey: Journey, occasion: Occasion, customer: Customer | None = None) -> str:
    try:
        return journey.entry.key_of(
            Occasion(
                occasion.profile_id, customer or occasion.customer, occasion.now, occasion.cause
            )
        )
    except PermanentError:
        return ""


def _journey(enrollment: Enrollment, library: Library) -> Journey | None:
    try:
        return library.version(enrollment.playbook, enrollment.version)
    except PermanentError:
        return None


def _goes_on(one: Enrollment, other: _Side, library: Library, notes: Notes) -> bool:
    """Whether nothing that the other did ends this passage, and none of its earlier ones stands in its way."""
    journey = _journey(one, library)
    if journey is None:
        return True
    reason = journey.ended_by(other.heard, one.since)
    if reason is not None:
        end(one, reason, notes)
        return False
    passed = [each for each in other.passages if each.playbook == one.playbook]
    if one.proposed or admits(journey, one.key, (), passed, one.entered_at):
        return True
    end(one, reasons.MERGED, notes)
    return False


def _collapsed(
    enrollments: Sequence[Enrollment], library: Library, notes: Notes
) -> list[Enrollment]:
    """Of those that would never have been two, the one further on."""
    places: dict[Hashable, list[Enrollment]] = defaultdict(list)
    for one in enrollments:
        journey = _journey(one, library)
        alone = journey is not None and (
            journey.entry.follows_customer or journey.entry.again == "never"
        )
        places[one.playbook, None if alone else one.key].append(one)
    kept = []
    for together in places.values():
        first, *others = sorted(together, key=_further_on)
        for other in sorted(others, key=lambda one: one.id):
            end(other, reasons.MERGED, notes)
        kept.append(_resting(first, others, library))
    return kept


def _further_on(one: Enrollment) -> tuple[bool, int, int, datetime, str]:
    """Sorts first what has proposed, then what came farther, then what began first."""
    return not one.proposed, -one.rounds, -one.step, one.entered_at, str(one.id)


def _resting(first: Enrollment, others: Sequence[Enrollment], library: Library) -> Enrollment:
    """With the newest reason of either; a rest that activities begin anew began anew with the latest of either."""
    if not others:
        return first
    first = replace(first, renewed_at=max(one.since for one in (first, *others)))
    journey = _journey(first, library)
    if journey is None or not journey.steps[first.step].step.restarts:
        return first
    dues = [one.due_at for one in (first, *others) if one.step == first.step]
    return replace(first, due_at=max((due for due in dues if due is not None), default=None))


def _bounded(enrollments: list[Enrollment], notes: Notes) -> list[Enrollment]:
    by_age = sorted(enrollments, key=lambda one: (one.entered_at, one.id))
    for surplus in by_age[MAX_ENROLLMENTS:]:
        end(surplus, reasons.MERGED, notes)
    return by_age[:MAX_ENROLLMENTS]


def _timers(kept: Iterable[Enrollment], ours: Iterable[Enrollment]) -> dict[str, datetime | None]:
    """Those of the passages that came, and of ours that rest longer now."""
    there = {one.id: one.due_at for one in ours}
    return {
        one.timer: one.due_at
        for one in kept
        if one.due_at is not None and there.get(one.id) != one.due_at and not one.held
    }


def _passages(sides: Sequence[_Side], ended: Sequence[Passage]) -> tuple[Passage, ...]:
    both = chain.from_iterable(side.passages for side in sides)
    in_order = sorted((*both, *ended), key=lambda one: (one.entered_at, one.playbook, one.key))
    return remembered((), in_order)


def _latest(ours: dict[str, datetime], theirs: dict[str, datetime]) -> dict[str, datetime]:
    return {
        name: max(heard[name] for heard in (ours, theirs) if name in heard)
        for name in sorted({*ours, *theirs})
    }
