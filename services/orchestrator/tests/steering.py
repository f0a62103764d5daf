"""The keys, the audit, the roster and the commands in memory; each passes the contract suite of its port."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from common.customer import Customer
from common.errors import PermanentError, TransientError
from orchestrator.ports.administration import AdminKey, Deed
from orchestrator.ports.commands import Command
from orchestrator.ports.publication import UnderWay
from orchestrator.ports.roster import Cursor, Guest, Place


class FakeAdministration:
    """`Administration` in memory."""

    def __init__(self) -> None:
        self._keys: dict[str, AdminKey] = {}
        self.done: list[Deed] = []
        self.away = False

    async def key(self, sha256: str) -> AdminKey | None:
        if self.away:
            raise TransientError("database_unavailable")
        found = (key for key in self._keys.values() if key.sha256 == sha256)
        return next((key for key in found if key.revoked_at is None), None)

    async def keys(self) -> Sequence[AdminKey]:
        return [self._keys[name] for name in sorted(self._keys)]

    async def create(self, key: AdminKey) -> None:
        if key.name in self._keys:
            raise PermanentError("key_exists", key.name)
        self._keys[key.name] = key
        detail = {"name": key.name, "scopes": list(key.scopes)}
        self.done.append(Deed(key.created_at, key.created_by, "key.created", detail))

    async def revoke(self, name: str, *, by: str, at: datetime) -> bool:
        key = self._keys.get(name)
        if key is None or key.revoked_at is not None:
            return False
        self._keys[name] = replace(key, revoked_at=at)
        self.done.append(Deed(at, by, "key.revoked", {"name": name}))
        return True

    async def note(self, deed: Deed) -> None:
        self.done.append(deed)

    async def deeds(self, before: datetime | None, at_most: int) -> Sequence[Deed]:
        found = [deed for deed in self.done if before is None or deed.at < before]
        return sorted(found, key=lambda deed: deed.at, reverse=True)[:at_most]


class FakeRoster:
    """`Roster` in memory: passages with their workspace and playbook, and customers."""

    def __init__(self) -> None:
        self.passages: list[tuple[str, str, Guest]] = []
        self.people: dict[tuple[str, UUID], Customer | None] = {}

    async def under_way(self, workspace: str | None) -> Sequence[UnderWay]:
        places = [
            (where, playbook, guest.version, guest.step, guest.held)
            for where, playbook, guest in self.passages
            if workspace in (None, where)
        ]
        held = Counter(place[:4] for place in places if place[4])
        counts = Counter(place[:4] for place in places)
        return [UnderWay(*place, held[place], counts[place]) for place in sorted(counts)]

    async def guests(
        self,
        workspace: str,
        playbook: str,
        *,
        version: str,
        step: int | None,
        after: Cursor | None,
        at_most: int,
    ) -> Sequence[Guest]:
        found = [
            guest
            for where, name, guest in self.passages
            if (where, name, guest.version) == (workspace, playbook, version)
            and step in (None, guest.step)
            and (after is None or (guest.profile_id, guest.enrollment_id) > after)
        ]
        return sorted(found, key=lambda one: (one.profile_id, one.enrollment_id))[:at_most]

    async def customers(
        self, workspace: str, after: Place | None, at_most: int
    ) -> Sequence[tuple[Place, Customer | None]]:
        found = [
            (Place(0, who), customer)
            for (where, who), customer in sorted(self.people.items(), key=lambda one: one[0])
            if where == workspace and (after is None or who > after.profile_id)
        ]
        return found[:at_most]


class FakeCommands:
    """`Commands` that remembers, and can be away."""

    def __init__(self) -> None:
        self.all: list[Command] = []
        self.away = False

    async def append(self, commands: Sequence[Command]) -> None:
        if self.away:
            raise TransientError("kafka_unavailable")
        self.all += commands
