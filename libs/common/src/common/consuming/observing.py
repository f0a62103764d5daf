"""Measures, every few seconds and beside the rounds, what only the log, the database and a clock can say."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from common.consuming.loop import Surroundings
from common.consuming.ownership import Ownership
from common.contracts import load_topics
from common.errors import PermanentError, TransientError
from common.publishing.outbox import Outbox
from common.streaming import metrics
from common.streaming.ports import Bounds, Place, Reader, Standing

TimeOf = Callable[[Standing], datetime | None]


@dataclass(frozen=True, slots=True)
class Observer:
    """Watches one loop's partitions, those that stand still with an alarm, too: theirs is the lag that matters."""

    loop: str
    inputs: Sequence[str]
    around: Surroundings
    ownership: Ownership
    outbox: Outbox
    reader: Reader | None = None
    time_of: TimeOf | None = None

    async def run(self) -> None:
        """Look until cancelled; what cannot be asked just now is asked the next time."""
        while True:
            try:
                await self.look()
            except (TransientError, PermanentError):
                metrics.RETRIES.labels(self.loop, "not_observed").inc()
            await asyncio.sleep(self.around.pace.observe)

    async def look(self) -> None:
        """Set every gauge once.

        Raises:
            TransientError: the log or the database cannot be reached; the other gauges are set.
        """
        metrics.OUTBOX_AGE.labels(self.loop).set(self.outbox.age)
        self._tell_times(self.ownership.standings.values())
        await self._tell_rows()
        if self.reader is not None:
            places = [Place(t, p) for p in self.ownership.standings for t in self.inputs]
            self._tell_places(await self.reader.bounds(places))

    def _tell_times(self, standings: Iterable[Standing]) -> None:
        now = self.around.clock()
        for standing in standings:
            partition, due = standing.partition, standing.next_due
            overdue = 0.0 if due is None else max(0.0, (now - due).total_seconds())
            metrics.show(metrics.TIMERS_OVERDUE, overdue, self.loop, partition)
            at = None if self.time_of is None else self.time_of(standing)
            if at is not None:
                lag = (now - at).total_seconds()
                metrics.show(metrics.VIRTUAL_TIME, at.timestamp(), self.loop, partition)
                metrics.show(metrics.VIRTUAL_LAG, lag, self.loop, partition)

    async def _tell_rows(self) -> None:
        times = {} if self.time_of is None else self._times(self.time_of)
        measure = await self.around.ledger.measure(times)
        metrics.TIMERS.labels(self.loop).set(measure.timers)
        metrics.OLDEST_TRANSACTION.labels(self.loop).set(measure.oldest_transaction)
        for partition, held in measure.held.items():
            if partition in self.ownership.standings:
                metrics.show(metrics.TIMERS_HELD, held, self.loop, partition)

    def _times(self, time_of: TimeOf) -> dict[int, datetime]:
        known = {p: time_of(standing) for p, standing in self.ownership.standings.items()}
        return {partition: at for partition, at in known.items() if at is not None}

    def _tell_places(self, bounds: Mapping[Place, Bounds]) -> None:
        now, topics = self.around.clock(), load_topics(self.around.log.partitions)
        for place, bound in bounds.items():
            standing = self.ownership.standings.get(place.partition)
            if standing is None:
                continue  # lost while we asked
            position = standing.positions.get(place)
            lag = bound.end - (bound.begin if position is None else position.next_offset)
            metrics.show(metrics.LAG, lag, self.loop, place.partition, place.topic)
            kept = topics[place.topic].retention
            if kept is None or position is None or position.appended_at is None:
                continue  # compaction deletes nothing that is the newest
            left = kept if lag <= 0 else kept - (now - position.appended_at)
            seconds = left.total_seconds()
            metrics.show(metrics.HEADROOM, seconds, self.loop, place.partition, place.topic)
