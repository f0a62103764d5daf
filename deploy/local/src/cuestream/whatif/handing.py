"""Merged profiles' states on their way from one partition to another, also where another process folds that one."""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import NamedTuple, Self
from uuid import UUID

from common.contracts.merging import ProfileHandedOver


class Merge(NamedTuple):
    """Which of a profile's merges."""

    loser: UUID
    winner: UUID
    version: int

    @classmethod
    def of(cls, handover: ProfileHandedOver) -> Self:
        return cls(handover.loser, handover.winner, handover.version)


class Handovers:
    """What was handed over and not taken yet, between workers that know each other by number."""

    def __init__(
        self,
        states: MutableMapping[Merge, bytes],
        resting: MutableMapping[int, bool],
        worker: int = 0,
    ) -> None:
        """`states` and `resting` are shared by all workers; each begins as not resting."""
        self._states = states
        self._resting = resting
        self._worker = worker
        self.rests(at_all=False)

    def give(self, merge: Merge, state: bytes) -> None:
        self._states[merge] = state

    def has(self, merge: Merge) -> bool:
        return merge in self._states

    def take(self, merge: Merge) -> bytes | None:
        return self._states.pop(merge, None)

    def rests(self, *, at_all: bool) -> None:
        """Whether this worker has nothing to fold until another one gives it something."""
        self._resting[self._worker] = at_all

    @property
    def nobody_works(self) -> bool:
        """Then what is still waited for never comes."""
        return all(self._resting.values())
