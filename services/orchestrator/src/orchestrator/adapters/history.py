"""`History` on the log: looks through the profile's partition, or through all for a decision."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from datetime import datetime
from uuid import UUID

from common.consuming import Record
from common.contracts.decisions import DecisionMade
from common.errors import PermanentError
from common.intake.reading import record_of
from common.kafka import Scanned, scan
from common.streaming.ports import Fetched, Log, Place
from orchestrator.ports.history import Found

AT_ONCE = 3
"""Looks at the same time; each holds two connections and a part of a core."""
DECISIONS = "decisions"


class KafkaHistory:
    """Each look has a reader of its own, so that one does not wait for another."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self._turns = asyncio.Semaphore(AT_ONCE)

    async def of_profile(
        self, profile_id: UUID, topics: Sequence[str], *, since: datetime | None
    ) -> Found:
        """All records of one profile on these topics, per topic in order."""
        key = str(profile_id).encode()
        places = [Place(topic, self._log.partition_for(topic, key)) for topic in topics]
        scanned = await self._look(places, lambda fetched: fetched.key == key, since)
        return Found(tuple(decoded(scanned.records)), scanned.complete)

    async def decision(self, decision_id: UUID, *, since: datetime | None) -> Record | None:
        """The decision with this id, wherever it is."""
        text = str(decision_id).encode()
        places = [Place(DECISIONS, partition) for partition in range(self._log.partitions)]
        scanned = await self._look(
            places, lambda fetched: fetched.value is not None and text in fetched.value, since
        )
        # The text may also stand in another field.
        return next((r for r in decoded(scanned.records) if _is(r, decision_id)), None)

    async def _look(
        self, places: Collection[Place], wanted: Callable[[Fetched], bool], since: datetime | None
    ) -> Scanned:
        async with self._turns, self._log.reader() as reader:
            return await scan(reader, places, wanted, since=since)


def decoded(fetched: Iterable[Fetched]) -> Iterator[Record]:
    """The records that can be read; the others were quarantined by who needed them."""
    for item in fetched:
        try:
            yield record_of(item)
        except PermanentError:
            continue


def _is(record: Record, decision_id: UUID) -> bool:
    try:
        return record.event.payload(DecisionMade).decision_id == decision_id
    except PermanentError:
        return False
