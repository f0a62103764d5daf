"""Beside the loop: wakes the profiles whose passages a publication concerns, so that they do not wait until something happens."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import Final, Protocol
from uuid import UUID
from zoneinfo import ZoneInfo

import structlog

from common.clock import Clock
from common.configuration import Configuration, Release, workspace_of
from common.contracts.configuration import Transition
from common.contracts.decisions import ProfileWoken
from common.errors import PermanentError, TransientError
from common.ids import derive
from common.streaming.ports import Outgoing, Place, Publisher
from orchestrator.domain.library import Library
from orchestrator.domain.passage import places_left
from orchestrator.ports.commands import TOPIC, Command
from orchestrator.ports.waking import Crowd, Sleepers

log = structlog.get_logger(__name__)

SOURCE: Final = "/cuestream/orchestrator/waking"
AT_ONCE: Final = 500
"""Profiles woken with one append to each partition."""
BREATH: Final = 0.05
"""Seconds between two such rows: what happens to customers meanwhile finds its way between them."""
IDLE: Final = 5.0
"""Seconds between two looks where nobody was asleep: another process may have held one by the release of before."""
FIRST_AGAIN, LAST_AGAIN = 1.0, 60.0
"""Seconds until those that were woken and not moved are woken again, at first and at last."""


class Published(Protocol):
    """The configuration in force."""

    @property
    def current(self) -> Configuration: ...

    async def changed(self, since: Configuration) -> Configuration:
        """Wait until another one is in force than `since`."""
        ...


class Waking:
    """Looks, after a publication and again until nobody is left, for those whom it concerns, and appends a word to each.

    It promises nothing: who is woken twice is moved once, and who is not woken is moved by whatever happens next.
    """

    def __init__(
        self,
        sleepers: Sleepers,
        publisher: Publisher,
        published: Published,
        partition_for: Callable[[str, bytes], int],
        clock: Clock,
    ) -> None:
        self._sleepers = sleepers
        self._publisher = publisher
        self._published = published
        self._partition_for = partition_for
        self._clock = clock

    async def run(self) -> None:
        """Look until cancelled."""
        again = FIRST_AGAIN
        while True:
            seen = self._published.current
            try:
                woken = await self.look(seen)
            except TransientError as error:
                log.warning("waking_failed", reason=error.reason, detail=error.detail)
                woken = 0
            again = min(again * 2, LAST_AGAIN) if woken else FIRST_AGAIN
            if await self._published_within(again if woken else IDLE, seen):
                again = FIRST_AGAIN

    async def look(self, configuration: Configuration) -> int:
        """Wake everybody whom these releases concern now, and say how many; 0 where another process does.

        Raises:
            TransientError: the log or the database is out of reach; some may have been woken.
        """
        concerning = [r for r in configuration.releases.values() if r.transitions or r.resumed]
        if not concerning:
            return 0
        woken = 0
        async with self._sleepers.turn() as mine:
            if not mine:
                return 0
            for release in concerning:
                async for crowd in self._crowds(release, configuration):
                    woken += await self._wake(crowd, release.number)
        if woken:
            log.info("profiles_woken", count=woken)
        return woken

    async def _published_within(self, seconds: float, seen: Configuration) -> bool:
        """Rest so long, or until something is published."""
        try:
            async with asyncio.timeout(seconds):
                await self._published.changed(seen)
        except TimeoutError:
            return False
        return True

    async def _crowds(self, release: Release, configuration: Configuration) -> AsyncIterator[Crowd]:
        workspace = release.workspace
        for resumption in release.resumed:
            yield Crowd(workspace, resumption.playbook, None)
        library = _library(release, configuration)
        for transition in release.transitions:
            for version in await self._sleepers.versions(workspace, transition.playbook):
                steps = _leaving(transition, version, library)
                if steps is None or steps:
                    yield Crowd(workspace, transition.playbook, version, steps)

    async def _wake(self, crowd: Crowd, release: int) -> int:
        woken, last = 0, None
        while profiles := await self._sleepers.after(crowd, last, AT_ONCE):
            last = profiles[-1]
            for place, records in self._records(crowd.workspace, profiles, release).items():
                await self._publisher.publish(place, records)
            woken += len(profiles)
            await asyncio.sleep(BREATH)
        return woken

    def _records(
        self, workspace: str, profiles: Sequence[UUID], release: int
    ) -> Mapping[Place, Sequence[Outgoing]]:
        now = self._clock()
        records: dict[Place, list[Outgoing]] = defaultdict(list)
        for profile in profiles:
            key = str(profile).encode()
            place = Place(TOPIC, self._partition_for(TOPIC, key))
            records[place].append(_word(workspace, profile, release, now))
        return records


def _word(workspace: str, profile: UUID, release: int, now: datetime) -> Outgoing:
    # With the moment in it: what comes of a second word is not what came of the first.
    identity = derive("woken", workspace, profile, release, now.isoformat())
    return Command(identity, workspace, profile, ProfileWoken(release=release)).record(SOURCE, now)


def _library(release: Release, configuration: Configuration) -> Library:
    """Compiles only the versions that are asked for."""
    workspace = workspace_of(release)
    zone = ZoneInfo(workspace.contact_policy.time_zone)
    return Library((), configuration.contents, workspace.parameters, zone)


def _leaving(transition: Transition, version: str, library: Library) -> Collection[int] | None:
    """The steps of a version from which passages move; None: they end, wherever they are."""
    if version == transition.to:
        return ()
    if transition.under_way == "cancel":
        return None
    try:
        old = library.version(transition.playbook, version)
        new = library.version(transition.playbook, transition.to)
    except PermanentError:
        return ()
    return places_left(old, new, transition.steps)
