"""How far resolve is, as it states it itself: the time that all others follow.

One partition's tick or statement costs its writer, the broker and everybody who follows a request, those of all partitions
together the same. So where one partition is due, those that will be soon keep it company, and from then on they are due together.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, TypeVar

from common.clock import Clock
from common.contracts.ingestion import IngestProgressed, IngestTicked
from common.errors import TransientError
from common.ids import derive
from common.progress.following import ACTIVITY, RAW
from common.progress.statements import PROGRESS
from common.streaming.ports import Outgoing, Place, Publisher, Standing
from common.streaming.wire import origin_of, own_event

T = TypeVar("T")

_NEVER: Final = float("inf")


@dataclass(slots=True)
class ProgressReporter:
    """resolve's side: ticks on silent raw partitions, and statements about every `tick` seconds."""

    loop: str
    incarnation: str
    partitions: int
    publisher: Publisher
    tick_seconds: float
    clock: Clock
    monotonic: Callable[[], float]
    _until: dict[int, datetime] = field(default_factory=dict)
    _stated: dict[int, tuple[datetime, float]] = field(default_factory=dict)
    _heard: dict[int, float] = field(default_factory=dict)

    def at(self, standing: Standing) -> datetime | None:
        """How far the raw partition is."""
        return self._until.get(standing.partition)

    def heard(self, partition: int) -> None:
        """Something was read from this raw partition just now."""
        self._heard[partition] = self.monotonic()

    def folded(self, partition: int, until: datetime) -> None:
        """Everything up to this append time is committed (or was ticks under an epoch that is still ours)."""
        known = self._until.get(partition)
        if known is None or until > known:
            self._until[partition] = until

    def forget(self, partitions: Collection[int]) -> None:
        for partition in partitions:
            for memory in (self._until, self._stated, self._heard):
                memory.pop(partition, None)

    def statements(self, standings: Collection[Standing]) -> list[tuple[Place, Outgoing]]:
        """What may be stated now; sequences and time are both as of the last commit."""
        now = self.monotonic()
        news: list[tuple[Standing, datetime, float]] = []
        for standing in standings:
            until = self._until.get(standing.partition)
            last = self._stated.get(standing.partition)
            if until is not None and (last is None or until > last[0]):
                news.append((standing, until, _NEVER if last is None else now - last[1]))
        made: list[tuple[Place, Outgoing]] = []
        for standing, until, _ in _due_together(news, lambda n: n[2], self.tick_seconds * 0.9):
            self._stated[standing.partition] = (until, now)
            made.append((PROGRESS, self._statement(standing, until)))
        return made

    def _statement(self, standing: Standing, until: datetime) -> Outgoing:
        partition = standing.partition
        origin = origin_of(self.loop, partition, self.incarnation)
        drawn = standing.drawn.get(ACTIVITY, [0] * self.partitions)
        statement = IngestProgressed(
            partition=partition, until=until, origin=origin, sequences=tuple(drawn)
        )
        value = own_event(
            self.loop,
            statement,
            identity=derive("progress", origin, until.isoformat()),
            subject=str(partition),
            at=until,
        )
        return Outgoing(str(partition).encode(), value)

    async def tick(self, standings: Collection[Standing]) -> None:
        """Append a tick to each raw partition that was silent; one that cannot be appended comes next time."""
        now = self.monotonic()
        silences = [(s.partition, now - self._heard.get(s.partition, 0.0)) for s in standings]
        silent = _due_together(silences, lambda silence: silence[1], self.tick_seconds)
        await asyncio.gather(*(self._tick(partition) for partition, _ in silent))

    async def _tick(self, partition: int) -> None:
        self.heard(partition)
        at = self.clock()
        origin = origin_of(self.loop, partition, self.incarnation)
        value = own_event(
            self.loop,
            IngestTicked(partition=partition),
            identity=derive("tick", origin, at.isoformat()),
            subject=str(partition),
            at=at,
        )
        try:
            await self.publisher.publish(Place(RAW, partition), (Outgoing(None, value),))
        except TransientError:
            return  # time stands still while the broker is away, and that is the truth


def _due_together(waiting: Sequence[T], age: Callable[[T], float], due: float) -> Sequence[T]:
    """Where one has waited for so many seconds, all that have for half as long; else none."""
    if not any(age(one) >= due for one in waiting):
        return ()
    return [one for one in waiting if age(one) >= due / 2]
