"""Records whose workspace has no release here yet wait a while: it may be on its way."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import NamedTuple

from common.configuration import Configuration
from common.streaming.ports import Fetched, Place

HOLD = 10.0
"""Seconds that a record of a workspace without a release waits before it is set aside."""
PATIENCE_RETURNS = 60.0
"""Seconds without a record of a workspace that was waited for in vain, after which the next one waits again."""


class _Hold(NamedTuple):
    offset: int
    workspace: str
    since: float


@dataclass(slots=True)
class Holds:
    """Which places wait for a workspace's first release, and since when (monotonic seconds)."""

    monotonic: Callable[[], float]
    _at: dict[Place, _Hold] = field(default_factory=dict)
    _in_vain: dict[tuple[Place, str], float] = field(default_factory=dict)
    """When a record of a workspace was last met that had been waited for already: each of a thousand would else stop
    the partition, and with it everybody's timers, for 10 s."""

    def waits(self, fetched: Fetched, workspace: str) -> bool:
        """True while the record shall wait; after `HOLD` seconds neither it nor those after it do."""
        now, key = self.monotonic(), (fetched.place, workspace)
        met = self._in_vain.get(key)
        if met is None or now - met >= PATIENCE_RETURNS:
            hold = self._at.get(fetched.place)
            if hold is None or hold.offset != fetched.offset:
                self._at[fetched.place] = _Hold(fetched.offset, workspace, now)
                return True
            if now - hold.since < HOLD:
                return True
            recent = {k: at for k, at in self._in_vain.items() if now - at < PATIENCE_RETURNS}
            self._in_vain = recent
        self._in_vain[key] = now
        return False

    def over(self, configuration: Configuration) -> list[Place]:
        """Places that may be read again: the release came, or the wait is over."""
        now = self.monotonic()
        return [
            place
            for place, hold in self._at.items()
            if configuration.release(hold.workspace) is not None or now - hold.since >= HOLD
        ]

    def forget(self, places: Collection[Place]) -> None:
        """Somebody else owns these now."""
        for place in places:
            self._at.pop(place, None)
        self._in_vain = {k: at for k, at in self._in_vain.items() if k[0] not in places}
