"""The state that resolve folds: people whom shared identifiers connect."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from uuid import UUID

import msgspec
from msgspec.structs import replace

from common.contracts.profiles import Consent, ContactChanged
from ingest.domain.catalog.state import Product
from ingest.domain.identifiers import USER, Identifier
from ingest.domain.people.accounts import Account, Memberships
from ingest.domain.people.asking import Asking
from ingest.domain.people.consents import Standing, Statement
from ingest.domain.people.golden import Golden, Held
from ingest.domain.people.rules import KindRule

_DAY = timedelta(days=1)


class Sharing(msgspec.Struct, frozen=True):
    """Of which profiles one id was said."""

    profiles: dict[UUID, datetime] = {}
    """When last, give or take a day: what is said with every event is not written with every event."""

    def among(self, ids: Iterable[UUID], now: datetime, rule: KindRule) -> Sharing:
        """After it was said of these as well; what is beyond its limit does not come back by waiting."""
        if self.exceeds(rule):
            return self
        fresh = {one: at for one, at in self.profiles.items() if at > now - rule.per}
        for one in ids:
            if one not in fresh or fresh[one] < now - _DAY:
                fresh[one] = now
        return self if fresh == self.profiles else Sharing(dict(sorted(fresh.items())))

    def exceeds(self, rule: KindRule) -> bool:
        return len(self.profiles) > rule.at_most


class Profile(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is known of one person."""

    version: int = 0
    """Raised with every change of traits or consents, under the identity lock."""
    claimed: bool = False
    """Whether a user id leads to it; until then it is an anonymous visitor's."""
    registers: tuple[str, ...] = ()
    """Where it has a number of its own; nobody has two in one register. Sorted."""
    record: dict[str, Held] = {}
    """What stands of each trait."""
    lost: dict[str, tuple[Held, ...]] = {}
    """What other sources say of a trait."""
    consents: dict[str, Standing] = {}
    """By `channel.purpose`."""
    asked: dict[str, Asking] = {}
    """Double opt-ins, by `channel.purpose`."""
    accounts: Memberships = {}
    """Companies that it buys for."""
    snapshot_read: int = 0
    """The highest version that was read back from profile.contacts."""
    merged_into: UUID | None = None
    """The profile that it has become; nothing else is left of it then."""

    @property
    def known_in(self) -> frozenset[str]:
        """The registers; a profile from before they were noted is a user's."""
        return frozenset(self.registers or ((USER,) if self.claimed else ()))

    def registered(self, register: str | None) -> Profile:
        """The same, known in that register, too."""
        if register is None or register in self.registers:
            return self
        return msgspec.structs.replace(self, registers=tuple(sorted({*self.registers, register})))

    @property
    def golden(self) -> Golden:
        return Golden(self.record, self.lost)

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
    def birthday(self) -> str | None:
        """Month and day, without the year."""
        born = self.trait("birthday")
        return None if born is None else born[5:]

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


class Sighting(msgspec.Struct, frozen=True):
    """Where an accepted event was first seen and whose it is."""

    profile_id: UUID
    seen_at: datetime
    """Its append time."""
    partition: int
    """Of ingest.events."""


class People(msgspec.Struct, frozen=True):
    """Profiles that identifiers connect, and which of the batch's events were seen before."""

    workspace: str
    identities: Mapping[Identifier, UUID] = {}
    profiles: Mapping[UUID, Profile] = {}
    seen: Mapping[UUID, Sighting] = {}
    """By event id."""
    products: Mapping[str, Product] = {}
    """Not people, but folded as they are: a signal about a product touches that one and nobody."""
    statements: tuple[Statement, ...] = ()
    """New rows of the consent ledger, with the profile of each in `stated_by`."""
    stated_by: tuple[UUID, ...] = ()
    sharing: Mapping[Identifier, Sharing] = {}
    """Of the ids that more than one profile was seen with."""
    accounts: Mapping[str, Account] = {}
    """Companies that the batch's events speak of, by their ids."""
    nows: Mapping[UUID, datetime] = {}
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

    def shared_by(self, who: Identifier) -> Sharing:
        """Whom an id was said of; nobody where only one profile was ever seen with it."""
        return self.sharing.get(who, _NOBODY)

    def shared(self, who: Identifier, by: Sharing) -> People:
        if self.shared_by(who) is by:
            return self
        return replace(self, sharing={**self.sharing, who: by})

    def with_account(self, account_id: str, account: Account) -> People:
        if self.accounts.get(account_id) is account:
            return self
        return replace(self, accounts={**self.accounts, account_id: account})

    def with_profile(self, profile_id: UUID, profile: Profile) -> People:
        return replace(self, profiles={**self.profiles, profile_id: profile})

    def touched(self, profile_id: UUID, now: datetime) -> People:
        """Something came for this profile."""
        if (known := self.nows.get(profile_id)) is not None and known >= now:
            return self
        return replace(self, nows={**self.nows, profile_id: now})

    def with_product(self, product_id: str, product: Product) -> People:
        return replace(self, products={**self.products, product_id: product})

    def with_sighting(self, event_id: UUID, sighting: Sighting) -> People:
        return replace(self, seen={**self.seen, event_id: sighting})

    def with_statements(self, profile_id: UUID, statements: tuple[Statement, ...]) -> People:
        return replace(
            self,
            statements=self.statements + statements,
            stated_by=self.stated_by + (profile_id,) * len(statements),
        )


_NOBODY = Sharing()
