"""Publishes: from what was sent to a stored release, and from the store to the topic."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from common.clock import Clock
from common.configuration import (
    Change,
    changes,
)
from common.errors import PermanentError, TransientError
from orchestrator.api.publication.choosing import SHOWN
from orchestrator.api.publication.intending import change_of, intended, number_of, planned
from orchestrator.api.publication.shapes import (
    Applied,
    InForce,
    Planned,
    Publication,
    PublishedContent,
)
from orchestrator.ports.publication import Announce, Draft, Publications

MOVED = "release_moved"
SHORTEST = 6
"""Characters of a hash that may name it."""
FIRST_PAUSE = 0.5
LONGEST_PAUSE = 30.0
"""Seconds between two tries to announce what the topic did not take."""


class MovedError(PermanentError):
    """Somebody else published since the release that was looked at; `changes` says what."""

    def __init__(self, workspace: str, number: int, there: int, between: Sequence[Change]) -> None:
        detail = f"{workspace} is at release {there}, not {number}: look at the plan again"
        super().__init__(MOVED, detail)
        self.changes = tuple(change_of(change) for change in between)


class Publisher:
    """Plans and applies publications."""

    def __init__(self, publications: Publications, announce: Announce, clock: Clock) -> None:
        self._publications = publications
        self._announce = announce
        self._clock = clock
        self._wanted = asyncio.Event()

    async def in_force(self) -> list[InForce]:
        """The newest release of every workspace.

        Raises:
            TransientError: the store cannot be reached.
        """
        return [
            InForce(
                workspace=release.workspace,
                number=release.number,
                live=release.live,
                contents=sorted(content.key for content in release.contents),
                paused=list(release.paused),
            )
            for release in (await self._publications.current()).values()
        ]

    async def content(self, kind: str, name: str, hash_: str) -> PublishedContent:
        """A content that was ever published, by its hash or the beginning of it.

        Raises:
            PermanentError: `unknown_content`, there is none, or more than one.
            TransientError: the store cannot be reached.
        """
        versions = await self._publications.versions(kind, name)
        found = [one.hash for one in versions if one.hash.startswith(hash_)]
        if len(found) != 1 or len(hash_) < SHORTEST:
            known = ", ".join(
                f"{one.hash[:SHOWN]} of {one.published_at:%Y-%m-%d %H:%M}" for one in versions[:5]
            )
            detail = f"no one version of {kind} {name} is {hash_}; the newest are {known or 'none'}"
            raise PermanentError("unknown_content", detail)
        key = f"{kind}/{name}@{found[0]}"
        content = (await self._publications.contents([key]))[key]
        return PublishedContent(kind=kind, name=name, hash=content.hash, files=content.files)

    async def plan(self, publication: Publication) -> Planned:
        """Say what would change.

        Raises:
            ProblemsError: it has problems.
            PermanentError: `transition_under_way`, what an earlier publication moves has not arrived.
            TransientError: the store cannot be reached.
        """
        current = await self._publications.current()
        what = await intended(publication, current, self._publications, self._clock())
        return planned(what, publication, current)

    async def apply(self, publication: Publication, *, by: str) -> Applied:
        """Publish what differs, and return when the topic has acknowledged it.

        Raises:
            MovedError: somebody else published since the plan.
            ProblemsError: it has problems.
            PermanentError: `transition_under_way`, what an earlier publication moves has not arrived.
            TransientError: the store cannot be reached; or, `not_announced`, it is stored and follows by itself.
        """
        current = await self._publications.current()
        for workspace, number in (publication.expected or {}).items():
            if number_of(current, workspace) != number:
                raise await self._moved(workspace, number)
        what = await intended(publication, current, self._publications, self._clock())
        drafts = [
            Draft(
                part.workspace,
                part.number - 1,
                part.contents,
                part.live,
                *what.chosen[part.workspace].says(),
            )
            for part in what.plan.workspaces
        ]
        if drafts:
            await self._store(drafts, by)
        try:
            await self._announce_all()
        except TransientError as error:
            self._wanted.set()
            detail = "stored; it is announced as soon as the log can be reached"
            raise TransientError("not_announced", detail) from error
        told = planned(what, publication, current)
        return Applied(**told.model_dump(), published=bool(drafts))

    async def _store(self, drafts: Sequence[Draft], by: str) -> None:
        try:
            await self._publications.publish(drafts, by=by, at=self._clock())
        except PermanentError as error:
            if error.reason != MOVED:
                raise
            current = await self._publications.current()
            moved = next(d for d in drafts if number_of(current, d.workspace) != d.expected)
            raise await self._moved(moved.workspace, moved.expected) from error

    async def _moved(self, workspace: str, number: int) -> MovedError:
        current = await self._publications.current()
        before = await self._publications.release(workspace, number)
        now = current.get(workspace)
        between = changes(before.contents if before else (), now.contents if now else ())
        return MovedError(workspace, number, number_of(current, workspace), list(between))

    async def keep_announced(self) -> None:
        """Announce what a crash or an absent log left over, now and whenever it happens; runs until cancelled."""
        pause = FIRST_PAUSE
        while True:
            try:
                await self._announce_all()
            except TransientError:
                await asyncio.sleep(pause)
                pause = min(pause * 2, LONGEST_PAUSE)
                continue
            pause = FIRST_PAUSE
            await self._wanted.wait()
            self._wanted.clear()

    async def _announce_all(self) -> None:
        while await self._publications.announce_next(self._announce):
            pass
