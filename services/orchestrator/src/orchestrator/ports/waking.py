"""What the waking of profiles needs: to look into the index of enrollments, one process at a time."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Crowd:
    """Whom to look for: the passages of a playbook that rest at some steps of one version, or those that are held."""

    workspace: str
    playbook: str
    version: str | None
    """None: those that are held, on whatever version."""
    steps: Collection[int] | None = None
    """None: wherever they rest."""


class Sleepers(Protocol):
    """The index of enrollments; any call may raise TransientError."""

    def turn(self) -> AbstractAsyncContextManager[bool]:
        """Whether it is this process's turn, until the body ends; otherwise another one is at it."""
        ...

    async def versions(self, workspace: str, playbook: str) -> Sequence[str]:
        """The versions on which passages are under way."""
        ...

    async def after(self, crowd: Crowd, last: UUID | None, at_most: int) -> Sequence[UUID]:
        """The next profiles of a crowd, in the order of their ids."""
        ...
