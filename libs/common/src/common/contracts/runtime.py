"""What the consumer runtime writes about its own work."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar
from uuid import UUID

import msgspec

from common.contracts.payload import Payload


class Run(msgspec.Struct, frozen=True):
    """Records of one input that a batch took in one go: offsets `first` to `last`, both included."""

    topic: str
    partition: int
    first: int
    last: int


class FiredTimer(msgspec.Struct, frozen=True):
    """A timer that a batch fired."""

    profile_id: UUID
    name: str
    due_at: datetime


class BatchJournaled(Payload, frozen=True, kw_only=True):
    """Exactly what one batch processed on one partition, in this order: the runs, then the timers."""

    TYPE: ClassVar[str] = "batch.journaled.v1"
    TOPICS: ClassVar[tuple[str, ...]] = (
        "ingest.journal",
        "scoring.journal",
        "orchestrator.journal",
        "dispatcher.journal",
    )

    loop: str
    partition: int
    batch: int
    epoch: int
    virtual_time: datetime | None
    runs: tuple[Run, ...]
    timers: tuple[FiredTimer, ...]
    releases: dict[str, int]
    """Workspace → number of the release in force."""
    draw: int | None = None
    """resolve only: a number drawn after the last identity lock; replay merges partitions by it."""
