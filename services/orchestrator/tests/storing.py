"""The store of publications and the index of enrollments in memory, and an announcement that remembers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from common.configuration import Content, Release
from common.errors import PermanentError, TransientError
from orchestrator.ports.publication import (
    Announce,
    Announcement,
    Draft,
    PublishedRelease,
    UnderWay,
    Version,
)
from orchestrator.ports.waking import Crowd


class FakePublications:
    """`Publications` in memory; `people` is what its index of enrollments says."""

    def __init__(self) -> None:
        self._contents: dict[str, Content] = {}
        self._published_at: dict[str, datetime] = {}
        self._releases: dict[tuple[str, int], PublishedRelease] = {}
        self._waiting: list[str | tuple[str, int]] = []
        self.people: list[UnderWay] = []
        self.away = False

    async def current(self) -> Mapping[str, Release]:
        if self.away:
            raise TransientError("database_unavailable")
        newest = dict(sorted(self._releases))
        return {name: self._release(name, number) for name, number in newest.items()}

    async def release(self, workspace: str, number: int) -> Release | None:
        there = (workspace, number) in self._releases
        return self._release(workspace, number) if there else None

    async def contents(self, keys: Collection[str]) -> Mapping[str, Content]:
        return {key: self._contents[key] for key in keys if key in self._contents}

    async def versions(self, kind: str, name: str) -> Sequence[Version]:
        found = [
            Version(one.hash, self._published_at[key])
            for key, one in self._contents.items()
            if (one.kind, one.name) == (kind, name)
        ]
        by_hash = sorted(found, key=lambda one: one.hash)
        return sorted(by_hash, key=lambda one: one.published_at, reverse=True)

    async def under_way(self, workspace: str, playbooks: Collection[str]) -> Sequence[UnderWay]:
        return [
            one for one in self.people if one.workspace == workspace and one.playbook in playbooks
        ]

    async def publish(self, drafts: Sequence[Draft], *, by: str, at: datetime) -> None:
        current = await self.current()
        for draft in drafts:
            before = current.get(draft.workspace)
            if draft.expected != (before.number if before else 0):
                raise PermanentError("release_moved", draft.workspace)
        for draft in drafts:
            new = {content.key: content for content in draft.contents} | self._contents
            added = sorted(new.keys() - self._contents.keys())
            self._waiting += added
            self._published_at |= dict.fromkeys(added, at)
            self._contents = new
        for draft in drafts:
            number = draft.expected + 1
            keys = tuple(sorted(content.key for content in draft.contents))
            self._releases[draft.workspace, number] = PublishedRelease(
                draft.workspace,
                number,
                keys,
                draft.live,
                at,
                by,
                draft.transitions,
                draft.paused,
                draft.resumed,
            )
            self._waiting.append((draft.workspace, number))

    async def announce_next(self, announce: Announce) -> bool:
        waiting = sorted(self._waiting, key=lambda item: not isinstance(item, str))
        if not waiting:
            return False
        first = waiting[0]
        await announce(self._contents[first] if isinstance(first, str) else self._releases[first])
        self._waiting.remove(first)
        return True

    def _release(self, workspace: str, number: int) -> Release:
        said = self._releases[workspace, number]
        contents = tuple(self._contents[key] for key in said.contents)
        return Release(
            workspace, number, contents, said.live, said.transitions, said.paused, said.resumed
        )


class Announced:
    """An `Announce` that remembers, and fails on demand."""

    def __init__(self) -> None:
        self.all: list[Announcement] = []
        self.away = False
        self._news = asyncio.Event()

    async def __call__(self, announcement: Announcement) -> None:
        if self.away:
            raise TransientError("kafka_unavailable")
        self.all.append(announcement)
        self._news.set()

    async def reached(self, releases: int) -> None:
        """Wait until so many releases are announced."""
        async with asyncio.timeout(10):
            while len(self.releases) < releases:
                self._news.clear()
                await self._news.wait()

    @property
    def releases(self) -> list[tuple[str, int]]:
        return [
            (one.workspace, one.number) for one in self.all if isinstance(one, PublishedRelease)
        ]


class Sleeper(NamedTuple):
    """One row of the index."""

    profile_id: UUID
    workspace: str
    playbook: str
    version: str
    step: int
    held: bool


class FakeSleepers:
    """`Sleepers` in memory."""

    def __init__(self, people: Collection[Sleeper]) -> None:
        self.people = list(people)
        self.taken = False

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[bool]:
        if self.taken:
            yield False
            return
        self.taken = True
        try:
            yield True
        finally:
            self.taken = False

    async def versions(self, workspace: str, playbook: str) -> Sequence[str]:
        return sorted({p.version for p in self.people if p[1:3] == (workspace, playbook)})

    async def after(self, crowd: Crowd, last: UUID | None, at_most: int) -> Sequence[UUID]:
        found = {p.profile_id for p in self.people if _is_of(p, crowd)}
        return sorted(one for one in found if last is None or one > last)[:at_most]


def _is_of(one: Sleeper, crowd: Crowd) -> bool:
    if (one.workspace, one.playbook) != (crowd.workspace, crowd.playbook):
        return False
    if crowd.version is None:
        return one.held
    return one.version == crowd.version and (crowd.steps is None or one.step in crowd.steps)
