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
    live_since: datetime | None = None
    """What was appended before is history to this loop."""


_COMMANDS = ("ingest.commands", "scoring.commands", "orchestrator.commands", "dispatcher.commands")


class RecordRetried(Payload, frozen=True, kw_only=True):
    """An operator lets a quarantined signal be folded after all; the same one is folded once, however often it is asked."""

    TYPE: ClassVar[str] = "record.retried.v1"
    TOPICS: ClassVar[tuple[str, ...]] = _COMMANDS

    topic: str
    """The quarantine in which it lies."""
    partition: int
    offset: int
    event: msgspec.Raw
    """The CloudEvent that was set aside; `null` for a timer."""
    timer: FiredTimer | None = None
    by: str = ""


class RecordDiscarded(Payload, frozen=True, kw_only=True):
    """An operator says that a quarantined signal needs no more attention; nothing is folded."""

    TYPE: ClassVar[str] = "record.discarded.v1"
    TOPICS: ClassVar[tuple[str, ...]] = _COMMANDS

    topic: str
    """The quarantine in which it lies."""
    partition: int
    offset: int
    by: str = ""
