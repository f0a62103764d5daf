"""Whose event it is: users by their id, visitors by their anonymous id until a user claims it."""

from __future__ import annotations

from uuid import UUID

import msgspec

from common.ids import profile_id
from ingest.domain.identifiers import Identifier
from ingest.domain.people.state import People, Profile


def resolve(
    people: People, user: Identifier | None, anonymous: Identifier | None
) -> tuple[People, UUID]:
    """Find or make the profile, and link what the event connects.

    ==================  =======================  ================================================
    user id             anonymous id             profile
    ==================  =======================  ================================================
    known               any                      the user's; an unclaimed visitor's later events
                                                 follow it (their merge is another matter)
    new                 of an unclaimed visitor  the visitor's: the history stays with the person
    new                 of another user          a new one; the anonymous id stays where it is
    new                 new                      a new one, named by the user id
    none                known or new             the visitor's
    ==================  =======================  ================================================
    """
    if user is None:
        if anonymous is None:
            raise ValueError("an event without identifiers belongs to nobody")
        return _known_or_new(people, anonymous)
    people, profile = _of_user(people, user, anonymous)
    if anonymous is not None and not _is_claimed_by_another(people, anonymous, profile):
        people = people.linked(anonymous, profile)
    return people, profile


def _of_user(people: People, user: Identifier, anonymous: Identifier | None) -> tuple[People, UUID]:
    visitor = people.identities.get(anonymous) if anonymous is not None else None
    if user not in people.identities and visitor is not None:
        profile = people.profiles[visitor]
        if not profile.claimed:
            claimed = msgspec.structs.replace(profile, claimed=True)
            return people.with_profile(visitor, claimed).linked(user, visitor), visitor
    return _known_or_new(people, user)


def _known_or_new(people: People, identifier: Identifier) -> tuple[People, UUID]:
    known = people.identities.get(identifier)
    if known is not None:
        return people, known
    made = profile_id(people.workspace, identifier.kind, identifier.value)
    profile = people.profiles.get(made, Profile())
    if identifier.kind == "user":
        profile = msgspec.structs.replace(profile, claimed=True)
    return people.with_profile(made, profile).linked(identifier, made), made


def _is_claimed_by_another(people: People, anonymous: Identifier, profile: UUID) -> bool:
    owner = people.identities.get(anonymous)
    return owner is not None and owner != profile and people.profiles[owner].claimed
