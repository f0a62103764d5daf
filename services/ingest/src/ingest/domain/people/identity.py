"""Whose event it is: users by their id, visitors by their anonymous id until a user claims it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import msgspec

from common.ids import profile_id
from ingest.domain.identifiers import Identifier
from ingest.domain.people.merging import Merge, merge_profiles
from ingest.domain.people.state import People, Profile


@dataclass(frozen=True, slots=True)
class Names:
    """The identifiers that one event says belong to one person."""

    user: Identifier | None
    anonymous: Identifier | None
    former: Identifier | None = None
    """The user id under which an alias says the person went before."""


@dataclass(frozen=True, slots=True)
class Resolved:
    """Whose it is, and which profiles became one by it."""

    people: People
    profile_id: UUID
    merges: tuple[Merge, ...] = ()


def resolve(people: People, names: Names, now: datetime) -> Resolved:
    """Find or make the profile, link what the event connects, and merge what turns out to be one.

    ==================  =======================  ================================================
    user id             anonymous id             profile
    ==================  =======================  ================================================
    known               of an unclaimed visitor  the user's; the visitor's becomes it
    known               any other                the user's
    new                 of an unclaimed visitor  the visitor's: the history stays with the person
    new                 of another user          a new one; the anonymous id stays where it is
    new                 new                      a new one, named by the user id
    none                known or new             the visitor's
    ==================  =======================  ================================================

    A claimed profile is merged only where an alias names both users: a device that two people share does not make
    them one.
    """
    if names.user is None:
        if names.anonymous is None:
            raise ValueError("an event without identifiers belongs to nobody")
        return Resolved(*_known_or_new(people, names.anonymous))
    people, winner = _of_user(people, names.user, names)
    merges: list[Merge] = []
    for loser in _losers(people, names, winner):
        people, merge = merge_profiles(people, loser, winner, now)
        merges.append(merge)
    for who in (names.former, names.anonymous):
        # What is still another's now is another user's.
        if who is not None and people.owner(who) in (None, winner):
            people = people.linked(who, winner)
    return Resolved(people, winner, tuple(merges))


def _of_user(people: People, user: Identifier, names: Names) -> tuple[People, UUID]:
    if user in people.identities:
        return _known_or_new(people, user)
    former = people.owner(names.former) if names.former is not None else None
    if former is not None:
        return people.linked(user, former), former
    visitor = people.owner(names.anonymous) if names.anonymous is not None else None
    if visitor is not None and not people.profiles[visitor].claimed:
        claimed = msgspec.structs.replace(people.profiles[visitor], claimed=True)
        return people.with_profile(visitor, claimed).linked(user, visitor), visitor
    return _known_or_new(people, user)


def _losers(people: People, names: Names, winner: UUID) -> Iterator[UUID]:
    """The profiles that are the user's, too: the former name's, and the visitor's that nobody claimed."""
    former = people.owner(names.former) if names.former is not None else None
    if former is not None and former != winner:
        yield former
    visitor = people.owner(names.anonymous) if names.anonymous is not None else None
    if visitor in (None, former, winner) or visitor is None:
        return
    if not people.profiles[visitor].claimed:
        yield visitor


def _known_or_new(people: People, identifier: Identifier) -> tuple[People, UUID]:
    known = people.owner(identifier)
    if known is not None:
        return people.linked(identifier, known), known
    made = profile_id(people.workspace, identifier.kind, identifier.value)
    profile = people.profiles.get(made, Profile())
    if identifier.kind == "user":
        profile = msgspec.structs.replace(profile, claimed=True)
    return people.with_profile(made, profile).linked(identifier, made), made
