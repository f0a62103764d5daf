"""Whose event it is: users by their id, others by what else was said of them, visitors by their anonymous id."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec

from common.ids import profile_id
from ingest.domain.identifiers import ANONYMOUS, USER, Identifier
from ingest.domain.people.merging import Merge, merge_profiles
from ingest.domain.people.rules import DEFAULT_RULES, Rules
from ingest.domain.people.state import People, Profile

_TERMINAL: Final = "shared device"
"""Stands among the registers of a profile that is no person's."""


class Names(msgspec.Struct, frozen=True):
    """The identifiers that one event says belong to one person."""

    user: Identifier | None
    anonymous: Identifier | None
    former: Identifier | None = None
    """The user id under which an alias says the person went before."""
    others: tuple[Identifier, ...] = ()
    """Addresses, numbers and external ids that may link, what counts most first."""


class Resolved(msgspec.Struct, frozen=True):
    """Whose it is, and which profiles became one by it."""

    people: People
    profile_id: UUID
    merges: tuple[Merge, ...] = ()


def resolve(people: People, names: Names, now: datetime, rules: Rules = DEFAULT_RULES) -> Resolved:
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

    Other ids count between the two. What is theirs already is the event's, too, unless both have a number in one register:
    two accounts of one shop are two people, until an alias names both. `docs/identity.md` has the rules in words.
    """
    first = names.user or names.anonymous
    if first is None:
        raise ValueError("an event without identifiers belongs to nobody")
    known = _known(people, names, first)
    if known is not None:
        return Resolved(people, known)
    meeting = _Meeting(people, names, now, rules)
    meeting.find()
    meeting.join()
    return Resolved(meeting.people, meeting.main, tuple(meeting.merges))


def _known(people: People, names: Names, first: Identifier) -> UUID | None:
    """The profile of an event that says nothing new of who it is, as most do."""
    if names.others or names.former is not None or people.sharing:
        return None
    owner, device = people.identities.get(first), names.anonymous
    if owner is None or (device is not None and people.identities.get(device) != owner):
        return None
    profile = people.profiles[owner]
    noted = names.user is None or profile.registers
    return owner if noted and profile.merged_into is None else None


@dataclass(slots=True)
class _Meeting:
    """One event's identifiers, while it is found out whom they lead to."""

    people: People
    names: Names
    now: datetime
    rules: Rules
    main: UUID = field(default=UUID(int=0))
    merges: list[Merge] = field(default_factory=list)

    @property
    def others(self) -> list[Identifier]:
        return [who for who in self.names.others if not self._exceeded(who)]

    @property
    def device(self) -> Identifier | None:
        who = self.names.anonymous
        return None if who is None or self._exceeded(who) else who

    def find(self) -> None:
        """The profile to which the id leads that counts most."""
        user = self.names.user
        if user is not None:
            owner = self.people.owner(user)
            if owner is None:
                owner = next(self._claimable(), None)
            self.main = self._made(user) if owner is None else owner
            self._link(user)
            return
        for who in self._in_order():
            owner = self.people.owner(who)
            if owner is not None and not self._contradicts(owner) and self._leads(who, owner):
                self.main = owner
                return
        self.main = self._new()

    def join(self) -> None:
        """Let the other ids lead there, too, and what they led to before become one with it."""
        for who in self._in_order():
            owner = self.people.owner(who)
            if (owner is None and self._takes(who)) or owner == self.main:
                self._link(who)
            elif owner is not None and self._is_one_person(who, owner):
                self.people, merge = merge_profiles(
                    self.people,
                    owner,
                    self.main,
                    self.now,
                    self.rules.golden,
                    self.rules.confirm_within,
                )
                self.merges.append(merge)
                self.main = merge.merged.winner
                self._link(who)

    def _in_order(self) -> list[Identifier]:
        found = (self.names.former, *self.others, self.device)
        return [who for who in found if who is not None]

    def _claimable(self) -> Iterator[UUID]:
        """Profiles that a new user id may take over."""
        for who in self._in_order():
            owner = self.people.owner(who)
            if owner is None:
                continue
            if who == self.names.former:
                yield owner
            elif who.kind == ANONYMOUS:
                if not self.people.profiles[owner].claimed and not self._contradicts(owner):
                    yield owner
            elif not self._contradicts(owner) and self._leads(who, owner):
                yield owner

    def _contradicts(self, owner: UUID) -> bool:
        """Whether the event says a number that is another one than the profile's in the same register."""
        known_in = self.people.profiles[owner].known_in
        if not known_in:
            return False
        said = [who for who in (self.names.user, *self.others) if who is not None]
        return any(
            self._register(who) in known_in for who in said if self.people.owner(who) != owner
        )

    def _leads(self, who: Identifier, owner: UUID) -> bool:
        """Whether an id that is neither a user's nor a device's may tell who this is: it is said of one more then."""
        first = self.names.user or self.names.anonymous
        if who.kind == ANONYMOUS or first is None:
            return True
        met = self.people.owner(first) or self._id_of(first)
        return met == owner or self._may_link(who, (owner, met))

    def _is_one_person(self, who: Identifier, owner: UUID) -> bool:
        """Whether the profile to which an id led until now is the same person's."""
        theirs, ours = self.people.profiles[owner], self.people.profiles[self.main]
        if _TERMINAL in theirs.known_in | ours.known_in:
            return False
        if who == self.names.former:
            return True
        if who.kind == ANONYMOUS:
            visitor = not theirs.claimed and not theirs.known_in & ours.known_in
            return visitor or self._stays(who, owner)
        # It counts as shared, whether they become one or not.
        few = self._may_link(who, (owner, self.main))
        return few and not theirs.known_in & ours.known_in and not self._contradicts(owner)

    def _stays(self, device: Identifier, owner: UUID) -> bool:
        """A device stays whose it was; where too many people use it, it is nobody's."""
        if not self._may_link(device, (owner, self.main)):
            self._terminal(device)
        return False

    def _may_link(self, who: Identifier, profiles: tuple[UUID, UUID]) -> bool:
        """Note of whom an id was said; False when these are too many."""
        rule = self.rules.rule(who)
        sharing = self.people.shared_by(who).among(profiles, self.now, rule)
        self.people = self.people.shared(who, sharing)
        return not sharing.exceeds(rule)

    def _exceeded(self, who: Identifier) -> bool:
        return self.people.shared_by(who).exceeds(self.rules.rule(who))

    def _takes(self, who: Identifier) -> bool:
        """Whether an id that nobody has may be this person's: not where there is another one of its register."""
        profile = self.people.profiles[self.main]
        if who == self.names.former:
            return True
        return _TERMINAL not in profile.known_in and self._register(who) not in profile.known_in

    def _link(self, who: Identifier) -> None:
        profile = self.people.profiles[self.main]
        after = profile.registered(self._register(who))
        if who.kind == USER and not after.claimed:
            after = msgspec.structs.replace(after, claimed=True)
        if after is not profile:
            self.people = self.people.with_profile(self.main, after)
        self.people = self.people.linked(who, self.main)

    def _register(self, who: Identifier) -> str | None:
        return None if who.kind == ANONYMOUS else self.rules.register(who)

    def _new(self) -> UUID:
        """A new profile, named by the device, unless that is everybody's."""
        if self.device is not None and self.people.owner(self.device) is None:
            return self._made(self.device)
        # An id that somebody has would name that person, who was just found to be another one.
        free = next((who for who in self.others if self.people.owner(who) is None), None)
        if free is not None:
            return self._made(free)
        if self.names.anonymous is None:
            raise ValueError("a user is found by the user id")
        return self._terminal(self.names.anonymous)

    def _terminal(self, device: Identifier) -> UUID:
        """What stands for a device that is everybody's: nobody, so it never becomes anybody."""
        made = self._id_of(Identifier(_TERMINAL, device.value))
        if made not in self.people.profiles:
            nobody = Profile(claimed=True, registers=(_TERMINAL,))
            self.people = self.people.with_profile(made, nobody)
        self.people = self.people.linked(device, made)
        return made

    def _made(self, who: Identifier) -> UUID:
        made = self._id_of(who)
        if made not in self.people.profiles:
            self.people = self.people.with_profile(made, Profile())
        return made

    def _id_of(self, who: Identifier) -> UUID:
        return profile_id(self.people.workspace, who.kind, who.value)
