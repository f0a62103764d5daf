"""What the publication of configuration needs: a store of its own, and the topic that everybody reads."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from common.configuration import Content, Release
from common.contracts.configuration import Resumption, Transition


@dataclass(frozen=True, slots=True)
class Draft:
    """A release that somebody wants; `expected` is the number of the one it shall follow (0: none)."""

    workspace: str
    expected: int
    contents: tuple[Content, ...]
    live: bool
    transitions: tuple[Transition, ...] = ()
    paused: tuple[str, ...] = ()
    resumed: tuple[Resumption, ...] = ()


@dataclass(frozen=True, slots=True)
class PublishedRelease:
    """A release as it was stored, with who asked for it and when."""

    workspace: str
    number: int
    contents: tuple[str, ...]
    """Keys of contents, sorted."""
    live: bool
    published_at: datetime
    published_by: str
    transitions: tuple[Transition, ...] = ()
    paused: tuple[str, ...] = ()
    resumed: tuple[Resumption, ...] = ()


@dataclass(frozen=True, slots=True)
class UnderWay:
    """How many passages are at one step of one version of a playbook."""

    workspace: str
    playbook: str
    version: str
    step: int
    """Its place."""
    held: int
    """Of them, those that a pause holds."""
    count: int


@dataclass(frozen=True, slots=True)
class Version:
    """One content of a kind and name, and when it was first published."""

    hash: str
    published_at: datetime


Announcement = Content | PublishedRelease
Announce = Callable[[Announcement], Awaitable[None]]
"""Appends one announcement to the topic; on return it is acknowledged.

Raises:
    TransientError: it may or may not have been appended; announce it again.
"""


class Publications(Protocol):
    """The stored contents and releases, and who published them; nothing is ever overwritten."""

    async def current(self) -> Mapping[str, Release]:
        """The newest release of every workspace."""
        ...

    async def release(self, workspace: str, number: int) -> Release | None:
        """One release, in force or older; None: there was none."""
        ...

    async def contents(self, keys: Collection[str]) -> Mapping[str, Content]:
        """Those of them that were ever published."""
        ...

    async def versions(self, kind: str, name: str) -> Sequence[Version]:
        """All that were ever published, the newest first."""
        ...

    async def under_way(self, workspace: str, playbooks: Collection[str]) -> Sequence[UnderWay]:
        """Where the passages of these playbooks are, by playbook, version and step."""
        ...

    async def publish(self, drafts: Sequence[Draft], *, by: str, at: datetime) -> None:
        """Store the contents and the releases, and write down who did it, all or nothing.

        Raises:
            PermanentError: `release_moved`, somebody else published in the meantime.
            TransientError: the store cannot be reached.
        """
        ...

    async def announce_next(self, announce: Announce) -> bool:
        """Hand over the oldest item not yet acknowledged, and remember it as acknowledged.

        Contents come before the release that names them. One caller at a time: a second one waits.
        False: everything is acknowledged. What `announce` raises is passed on.
        """
        ...
