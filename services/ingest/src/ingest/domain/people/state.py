"""The state that resolve folds: people whom shared identifiers connect."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

import msgspec

from common.contracts.profiles import Consent, ContactChanged
from ingest.domain.identifiers import Identifier
from ingest.domain.people.consents import Standing, Statement
from ingest.domain.people.golden import Held


class Profile(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is known of one person."""

    version: int = 0
    """Raised with every change of traits or consents, under the identity lock."""
    claimed: bool = False
    """Whether a user id leads to it; until then it is an anonymous visitor's."""
    record: dict[str, Held] = {}
    consents: dict[str, Standing] = {}
    """By `channel.purpose`."""
    snapshot_read: int = 0
    """The highest version that was read back from profile.contacts."""
    merged_into: UUID | None = None
    """The profile that it has become; nothing else is left of it then."""

    def trait(self, name: str) -> str | None:
        held = self.record.get(name)
        return None if held is None else held.value

    @property
    def reachable(self) -> tuple[str, ...]:
        """The channels for which an address is known."""
        return tuple(
            channel for channel, name in (("email", "email"), ("sms", "phone")) if self.trait(name)
        )

    @property
    def standing_consents(self) -> tuple[Consent, ...]:
        return tuple(standing.consent for _, standing in sorted(self.consents.items()))

    @property
    def snapshot(self) -> ContactChanged:
        """The whole contact snapshot."""
        return ContactChanged(
            profile_version=self.version,
            email=self.trait("email"),
            phone=self.trait("phone"),
            first_name=self.trait("first_name"),
            last_name=self.trait("last_name"),
            locale=self.trait("locale"),
            time_zone=self.trait("time_zone"),
            country=self.trait("country"),
            consents=self.standing_consents,
            merged_into=self.merged_into,
        )


@dataclass(frozen=True, slots=True)
class Sighting:
    """Where an accepted event was first seen and whose it is."""

    profile_id: UUID
    seen_at: datetime
    """Its append time."""
    partition: int
    """Of ingest.events."""


@dataclass(frozen=True, slots=True)
class People:
    """Profiles that identifiers connect, and which of the batch's events were seen before."""

    workspace: str
    identities: Mapping[Identifier, UUID] = field(default_factory=dict)
    profiles: Mapping[UUID, Profile] = field(default_factory=dict)
    seen: Mapping[UUID, Sighting] = field(default_factory=dict)
    """By event id."""
    statements: tuple[Statement, ...] = ()
    """New rows of the consent ledger, with the profile of each in `stated_by`."""
    stated_by: tuple[UUID, ...] = ()
    nows: Mapping[UUID, datetime] = field(default_factory=dict)
    """The last `now` at which something came for a profile; a merge must not be earlier, wherever it came from."""

    @property
    def now(self) -> datetime | None:
        """The last `now` of all of them."""
        return max(self.nows.values(), default=None)

    def root(self, profile_id: UUID) -> UUID:
        """The profile that this one has become, by however many merges; itself where there was none."""
        while (profile := self.profiles.get(profile_id)) is not None and profile.merged_into:
            profile_id = profile.merged_into
        return profile_id

    def owner(self, identifier: Identifier) -> UUID | None:
        """Whose an identifier is."""
        found = self.identities.get(identifier)
        return None if found is None else self.root(found)

    def linked(self, identifier: Identifier, profile_id: UUID) -> People:
        if self.identities.get(identifier) == profile_id:
            return self
        return replace(self, identities={**self.identities, identifier: profile_id})

    def with_profile(self, profile_id: UUID, profile: Profile) -> People:
        return replace(self, profiles={**self.profiles, profile_id: profile})

    def touched(self, profile_id: UUID, now: datetime) -> People:
        """Something came for this profile."""
        if (known := self.nows.get(profile_id)) is not None and known >= now:
            return self
        return replace(self, nows={**self.nows, profile_id: now})

    def with_sighting(self, event_id: UUID, sighting: Sighting) -> People:
        return replace(self, seen={**self.seen, event_id: sighting})

    def with_statements(self, profile_id: UUID, statements: tuple[Statement, ...]) -> People:
        return replace(
            self,
            statements=self.statements + statements,
            stated_by=self.stated_by + (profile_id,) * len(statements),
        )
