"""How far resolve is, as it states it itself: the time that all others follow."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import datetime

from common.clock import Clock
from common.contracts.ingestion import IngestProgressed, IngestTicked
from common.errors import TransientError
from common.ids import derive
from common.progress.following import ACTIVITY, RAW
from common.progress.statements import PROGRESS
from common.streaming.ports import Outgoing, Place, Publisher, Standing
from common.streaming.wire import origin_of, own_event


@dataclass(slots=True)
class ProgressReporter:
    """resolve's side: ticks on silent raw partitions, and statements at most every `tick` seconds."""

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
        made: list[tuple[Place, Outgoing]] = []
        for standing in standings:
            until = self._until.get(standing.partition)
            last = self._stated.get(standing.partition)
            if until is None or (last is not None and self._is_early(until, last, now)):
                continue
            self._stated[standing.partition] = (until, now)
            made.append((PROGRESS, self._statement(standing, until)))
        return made

    def _is_early(self, until: datetime, last: tuple[datetime, float], now: float) -> bool:
        return until <= last[0] or now - last[1] < self.tick_seconds * 0.9

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
        silent = [
            s.partition
            for s in standings
            if now - self._heard.get(s.partition, 0.0) >= self.tick_seconds
        ]
        await asyncio.gather(*(self._tick(partition) for partition in silent))

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
