"""What was decided in one workspace: of which event, how often, and how long each partition was silent."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise
from typing import Final
from uuid import UUID

from common.clock import monotonic
from common.contracts import decode_event
from common.contracts.decisions import DecisionMade
from common.kafka import connect
from common.settings import KafkaSettings
from common.streaming.ports import Fetched, Place

_TOPIC: Final = "decisions"
_QUIET: Final = 3.0
"""Seconds without a record after which no second decision is to be feared any more."""


@dataclass(slots=True)
class Decided:
    """Records that lie on the topic twice count once: a reader drops the second."""

    partitions: int = 0
    """Of the topic."""
    of_event: defaultdict[UUID, set[UUID]] = field(default_factory=lambda: defaultdict(set))
    """The decisions by the accepted event that caused them."""
    appended: defaultdict[int, list[datetime]] = field(default_factory=lambda: defaultdict(list))
    """By partition, in order."""
    copies: int = 0

    def lost(self, events: Collection[UUID]) -> int:
        """How many of these events have no decision."""
        return sum(1 for event in events if event not in self.of_event)

    @property
    def doubled(self) -> int:
        """How many decisions there are beyond the first of each event."""
        return sum(len(decisions) - 1 for decisions in self.of_event.values())

    @property
    def gaps(self) -> dict[int, Gap]:
        """The longest silence of each partition."""
        return {
            partition: max(Gap((end - begin).total_seconds(), begin) for begin, end in pairwise(at))
            for partition, at in sorted(self.appended.items())
            if len(at) > 1
        }

    def hear(self, item: Fetched, workspace: str) -> None:
        event = decode_event(item.value or b"")
        if event.workspace != workspace or event.type != DecisionMade.TYPE:
            return
        decision = event.payload(DecisionMade).decision_id
        known = self.of_event[event.correlationid]
        if decision in known:
            self.copies += 1
            return
        known.add(decision)
        self.appended[item.place.partition].append(item.appended_at)


@dataclass(frozen=True, slots=True, order=True)
class Gap:
    seconds: float
    began_at: datetime


def decided(kafka: str, workspace: str, events: Collection[UUID], patience: float) -> Decided:
    """Read until every event has a decision and no more comes; what there is when patience ends."""
    return asyncio.run(_decided(kafka, workspace, events, patience))


async def _decided(
    kafka: str, workspace: str, events: Collection[UUID], patience: float
) -> Decided:
    end = monotonic() + patience
    async with (
        connect(KafkaSettings(KAFKA_BOOTSTRAP_SERVERS=kafka), client="decided") as log,
        log.reader() as reader,
    ):
        found = Decided(log.partitions)
        await reader.assign({Place(_TOPIC, p): 0 for p in range(log.partitions)})
        quiet_since = monotonic()
        while monotonic() < end:
            for item in await reader.poll(2_000, 0.2):
                found.hear(item, workspace)
                quiet_since = monotonic()
            if monotonic() - quiet_since > _QUIET and not found.lost(events):
                break
    return found
