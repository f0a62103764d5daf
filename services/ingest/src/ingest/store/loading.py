"""What the database knows of a batch's people, read under locks."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, cast
from uuid import UUID

import msgspec

from common.consuming import Transaction
from common.intake.ahead import beside
from ingest.domain.identifiers import Identifier
from ingest.domain.people import Account, People, Profile, Sharing, Sighting
from ingest.handlers import Touched
from ingest.store import statements as sql
from ingest.store.groups import Groups

Key = tuple[str, str, str]
"""Workspace, kind, value."""
Row = Mapping[str, Any]
WAITS: Final = 3

_decode = msgspec.json.Decoder(Profile).decode
_decode_account = msgspec.json.Decoder(Account).decode
_decode_sharing = msgspec.json.Decoder(Sharing).decode


@dataclass(slots=True)
class Found:
    """Rows by their keys."""

    identities: dict[Key, UUID] = field(default_factory=dict)
    places: set[Key] = field(default_factory=set)
    """Identifiers that were not known before."""
    sharing: dict[Key, Sharing] = field(default_factory=dict)
    profiles: dict[tuple[str, UUID], Profile] = field(default_factory=dict)
    nows: dict[tuple[str, UUID], datetime] = field(default_factory=dict)
    accounts: dict[tuple[str, str], Account] = field(default_factory=dict)
    seen: dict[tuple[str, UUID], Sighting] = field(default_factory=dict)
    draw: int | None = None

    def groups(self, touches: Sequence[Touched]) -> Groups:
        """Who belongs together, by what the signals share and by what the database connects."""
        groups = Groups()
        for touch in touches:
            groups.connect(nodes(touch))
        for (workspace, kind, value), profile_id in self.identities.items():
            groups.connect([(workspace, kind, value), (workspace, profile_id)])
        for (workspace, profile_id), profile in self.profiles.items():
            if profile.merged_into is not None:
                groups.connect([(workspace, profile_id), (workspace, profile.merged_into)])
        return groups

    def people(self, touches: Sequence[Touched], groups: Groups) -> dict[Hashable, People]:
        """One state per group."""
        parts = {groups.root(nodes(touch)[0]): _Parts(touch.workspace) for touch in touches}
        for key, profile_id in self.identities.items():
            _, kind, value = key
            part = parts[groups.root(key)]
            part.identities[Identifier(kind, value)] = profile_id
            if key in self.sharing:
                part.sharing[Identifier(kind, value)] = self.sharing[key]
        for (workspace, profile_id), profile in self.profiles.items():
            part = parts[groups.root((workspace, profile_id))]
            part.profiles[profile_id] = profile
            if (now := self.nows.get((workspace, profile_id))) is not None:
                part.nows[profile_id] = now
        for (workspace, account_id), account in self.accounts.items():
            part = parts[groups.root((workspace, "account", account_id))]
            part.accounts[account_id] = account
        for (workspace, event_id), sighting in self.seen.items():
            parts[groups.root((workspace, "event", event_id))].seen[event_id] = sighting
        return {
            root: People(
                part.workspace,
                part.identities,
                part.profiles,
                part.seen,
                sharing=part.sharing,
                accounts=part.accounts,
                nows=part.nows,
            )
            for root, part in parts.items()
        }


@dataclass(slots=True)
class _Parts:
    workspace: str
    identities: dict[Identifier, UUID] = field(default_factory=dict)
    profiles: dict[UUID, Profile] = field(default_factory=dict)
    sharing: dict[Identifier, Sharing] = field(default_factory=dict)
    nows: dict[UUID, datetime] = field(default_factory=dict)
    accounts: dict[str, Account] = field(default_factory=dict)
    seen: dict[UUID, Sighting] = field(default_factory=dict)


def nodes(touch: Touched) -> list[Hashable]:
    """What a signal shares with others."""
    shared: list[Hashable] = [(touch.workspace, i.kind, i.value) for i in touch.identifiers]
    shared += [(touch.workspace, profile_id) for profile_id in touch.profiles]
    shared += [(touch.workspace, "account", account_id) for account_id in touch.accounts]
    if touch.event_id is not None:
        shared.append((touch.workspace, "event", touch.event_id))
    return shared


async def find(
    tx: Transaction, touches: Sequence[Touched], meanwhile: Callable[[], None] = lambda: None
) -> Found:
    """Lock and read: identifiers first, then profiles, each in one order; the remembered events last.

    `meanwhile` is called `WAITS` times, each time while the database works.
    """
    found = Found()
    await beside(_lock_identities(tx, {key for t in touches for key in _keys(t)}, found), meanwhile)
    wanted = {(t.workspace, profile_id) for t in touches for profile_id in t.profiles}
    wanted |= {(workspace, p) for (workspace, _, _), p in found.identities.items()}
    await beside(_lock_profiles(tx, wanted, found), meanwhile)
    await _lock_accounts(tx, {(t.workspace, a) for t in touches for a in t.accounts}, found)
    seen = {(t.workspace, t.event_id) for t in touches if t.event_id is not None}
    await beside(_find_seen(tx, seen, found), meanwhile)
    return found


def _keys(touch: Touched) -> list[Key]:
    return [(touch.workspace, i.kind, i.value) for i in touch.identifiers]


async def _lock_identities(tx: Transaction, wanted: set[Key], found: Found) -> None:
    missing = wanted - await _known(tx, wanted, found)
    if not missing:
        return
    placed = await tx.fetch(sql.PLACE_IDENTITIES, *columns(sorted(missing), 3))
    found.places = {_key(row) for row in placed}
    # What another owner placed meanwhile is committed by now, or the insert would still wait for it.
    await _known(tx, missing - found.places, found)


async def _known(tx: Transaction, wanted: set[Key], found: Found) -> set[Key]:
    if not wanted:
        return set()
    known: set[Key] = set()
    for row in await tx.fetch(sql.LOCK_IDENTITIES, *columns(sorted(wanted), 3)):
        known.add(_key(row))
        if row["profile_id"] is not None:
            found.identities[_key(row)] = _uuid(row["profile_id"])
        if row["shared_by"] is not None:
            found.sharing[_key(row)] = _decode_sharing(cast("str", row["shared_by"]))
    return known


async def _lock_profiles(tx: Transaction, wanted: set[tuple[str, UUID]], found: Found) -> None:
    """Those that the identifiers lead to, then those that these have become, to the end."""
    while wanted:
        became: set[tuple[str, UUID]] = set()
        for row in await tx.fetch(sql.LOCK_PROFILES, *columns(list(wanted), 2)):
            key = (cast("str", row["workspace"]), _uuid(row["profile_id"]))
            profile = found.profiles[key] = _decode(cast("str", row["record"]))
            if row["now"] is not None:
                found.nows[key] = cast("datetime", row["now"])
            if profile.merged_into is not None:
                became.add((key[0], profile.merged_into))
        wanted = became - found.profiles.keys()


async def _lock_accounts(tx: Transaction, wanted: set[tuple[str, str]], found: Found) -> None:
    """Those that are new get a row first: only a row can be locked."""
    if not wanted:
        return
    await tx.execute(sql.PLACE_ACCOUNTS, *columns(sorted(wanted), 2))
    for row in await tx.fetch(sql.LOCK_ACCOUNTS, *columns(sorted(wanted), 2)):
        key = (cast("str", row["workspace"]), cast("str", row["account_id"]))
        found.accounts[key] = _decode_account(cast("str", row["record"]))


async def _find_seen(tx: Transaction, wanted: set[tuple[str, UUID]], found: Found) -> None:
    rows = cast("Sequence[Row]", await tx.fetch(sql.FIND_SEEN, *columns(list(wanted), 2)))
    for row in rows:
        found.draw = row["draw"]
        if row["event_id"] is not None:
            found.seen[row["workspace"], _uuid(row["event_id"])] = Sighting(
                _uuid(row["profile_id"]), row["seen_at"], row["partition"]
            )


def _key(row: Mapping[str, Any]) -> Key:
    return row["workspace"], row["kind"], row["value"]


def _uuid(value: Any) -> UUID:
    """The driver has a class of its own, which the JSON encoder does not know."""
    return msgspec.convert(value.bytes, UUID)


def columns(rows: Sequence[tuple[object, ...]], width: int) -> list[list[object]]:
    """Rows as the arrays that `unnest` takes."""
    return [[row[i] for row in rows] for i in range(width)]
