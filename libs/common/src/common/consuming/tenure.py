"""Goes round after round on what is owned, and does not go on after a failure before it knows what was committed."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NoReturn, TypeVar

import structlog

from common.consuming.loop import Pulse
from common.consuming.ownership import Ownership
from common.errors import TransientError
from common.publishing.outbox import Outbox
from common.streaming import metrics
from common.streaming.ports import FencedError, Standing

E = TypeVar("E", bound=BaseException)
log = structlog.get_logger(__name__)

SLOWEST = 5.0
"""Seconds between two tries, at most."""


@dataclass(slots=True)
class Tenure:
    """What a loop and a job have in common: both write under epochs, and what they committed leaves in order."""

    ownership: Ownership
    outbox: Outbox
    pulse: Pulse
    backoff: float
    """Seconds before the first retry after a transient error."""
    lost: Callable[[frozenset[int]], None]
    """Told of partitions that are no longer ours."""
    uncertain: bool = field(default=False, init=False)
    """A commit may have happened that memory does not know of."""

    async def rounds(self, one: Callable[[], Awaitable[float]]) -> NoReturn:
        """Rounds until cancelled, each with the seconds until the next; only a bug or a blown fuse gets out."""
        delay = self.backoff
        while True:
            try:
                rest = await one()
                delay = self.backoff
            except* TransientError as group:
                self._failed(next(_leaves(group)))
                rest, delay = delay, min(delay * 2, SLOWEST)
            except* FencedError as group:
                for error in _leaves(group):
                    self._fenced(error)
                rest = 0.0
            self.pulse.beat()
            if rest:
                await asyncio.sleep(rest)

    async def recover(self) -> bool:
        """After a failure: what the database says counts. True where there was something to recover from."""
        if not self.uncertain:
            return False
        await self._drain(())
        await self._drain(await self.ownership.reload())
        self.uncertain = False
        return True

    async def settle(self) -> None:
        """Let go of what was lost; of what was gained, publish first what its last owner committed."""
        self.lost(self.ownership.release_lost())
        await self._drain(await self.ownership.take_gained())

    async def _drain(self, standings: Sequence[Standing]) -> None:
        for standing in standings:
            self.outbox.add(standing.outbox)
            standing.outbox = []
        while self.outbox.depth:
            self.outbox.hurry()
            self.pulse.beat()  # a broker that is away is no reason to give the place away
            await asyncio.sleep(0.01)

    def _failed(self, error: TransientError) -> None:
        loop = self.ownership.loop
        metrics.RETRIES.labels(loop, error.reason).inc()
        log.warning("round_failed", loop=loop, reason=error.reason, detail=error.detail)
        self.uncertain = True

    def _fenced(self, error: FencedError) -> None:
        self.lost(error.partitions)
        self.ownership.fence(error.partitions)
        self.uncertain = True


def _leaves(group: BaseExceptionGroup[E]) -> Iterator[E]:
    """What was raised, out of all groups of groups."""
    for error in group.exceptions:
        if isinstance(error, BaseExceptionGroup):
            yield from _leaves(error)
        else:
            yield error
