"""What the runtime needs from the database, in its own words."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol
from uuid import UUID

import msgspec

from common.streaming.model import TimerDue, Transaction
from common.streaming.ports.log import Outgoing, Place


@dataclass(frozen=True, slots=True)
class Position:
    """Where a partition's owner reads on, and when the record before it was appended."""

    next_offset: int
    appended_at: datetime | None


class OutboxRow(msgspec.Struct, frozen=True):
    """A consequence that is committed but perhaps not yet on the log; ordered by (batch, ordinal)."""

    partition: int
    batch: int
    ordinal: int
    target: Place
    record: Outgoing


@dataclass(slots=True)
class Standing:
    """What the owner of one partition knows; in memory as after its last commit."""

    partition: int
    epoch: int
    batch: int
    positions: dict[Place, Position] = field(default_factory=dict)
    seen: dict[tuple[Place, str], int] = field(default_factory=dict)
    """Input and origin → the last sequence folded."""
    drawn: dict[str, list[int]] = field(default_factory=dict)
    """Output topic → per target partition the last sequence given out."""
    outbox: list[OutboxRow] = field(default_factory=list)
    """What the owner before left unpublished."""
    next_due: datetime | None = None
    """No timer is due before; None: there is none."""


@dataclass(frozen=True, slots=True)
class Advance:
    """What a batch changes of one partition's bookkeeping."""

    partition: int
    positions: Mapping[Place, tuple[Position | None, Position]]
    """Old and new; None: there was none."""
    seen: Mapping[tuple[Place, str], int]
    drawn: Mapping[str, Sequence[int]]
    outbox: Sequence[OutboxRow]


@dataclass(frozen=True, slots=True)
class TimerChange:
    """A timer set (`due_at`) or cancelled (None)."""

    partition: int
    workspace: str
    profile_id: UUID
    name: str
    due_at: datetime | None
    correlation: UUID
    traceparent: str | None = None


@dataclass(frozen=True, slots=True)
class Measure:
    """What a loop's rows amount to."""

    timers: int
    """Pending ones in the schema, as the planner estimates it: counting millions would take seconds."""
    held: Mapping[int, int]
    """By partition, timers that may fire and have not, `MOST_COUNTED` at most."""
    oldest_transaction: float
    """Seconds since the oldest open transaction of this service's role began."""


MOST_COUNTED = 10_000


class FencedError(Exception):
    """Somebody else owns these partitions; nothing was written and nothing may be."""

    def __init__(self, partitions: Collection[int]) -> None:
        super().__init__(f"partitions {sorted(partitions)} have a new owner")
        self.partitions = frozenset(partitions)


class Ledger(Protocol):
    """The runtime's own tables, one set per loop."""

    async def incarnation(self) -> str:
        """The life of this database; new only when an empty one is migrated."""
        ...

    async def live_since(self) -> datetime:
        """When this life began: what was appended before is history."""
        ...

    async def released(self, partitions: Collection[int]) -> Collection[int]:
        """Which of these an operator took from whoever owned them, for anybody to take anew."""
        ...

    async def measure(self, until: Mapping[int, datetime]) -> Measure:
        """What only the database knows; cheap enough to be asked every few seconds."""
        ...

    async def take_over(self, partitions: Collection[int]) -> Mapping[int, Standing]:
        """Raise the epoch of each (waiting at most 2 s for the old owner's transaction, then ending it) and load."""
        ...

    async def reload(self, standings: Collection[Standing]) -> Mapping[int, Standing]:
        """Load anew under the same epochs: after a commit whose outcome nobody knows, memory may be behind.

        Raises:
            FencedError: an epoch is no longer mine.
            PermanentError: `database_restored`, the database is behind what we know was committed.
        """
        ...

    def transaction(self) -> AbstractAsyncContextManager[Transaction]:
        """Commit on leaving, roll back on an exception.

        Raises:
            TransientError: the database cannot be reached or chose this transaction to fail.
        """
        ...

    async def fence(self, tx: Transaction, standings: Collection[Standing]) -> None:
        """Lock the rows under my epochs and set their batch numbers to `standing.batch + 1`.

        Changes nothing in memory: the caller raises `standing.batch` after the commit.

        Raises:
            FencedError: an epoch is no longer mine.
        """
        ...

    async def check(self, standings: Collection[Standing]) -> None:
        """As `fence`, but writes nothing: for batches that only hold ticks."""
        ...

    async def take_timers(
        self, tx: Transaction, until: Mapping[int, datetime], limit: int
    ) -> Sequence[TimerDue]:
        """Delete and return timers due before `until` of their partition, the earliest first."""
        ...

    async def change_timers(self, tx: Transaction, changes: Sequence[TimerChange]) -> None: ...

    async def next_due(
        self, tx: Transaction, partitions: Collection[int]
    ) -> Mapping[int, datetime]: ...

    async def advance(
        self, tx: Transaction, advances: Sequence[Advance], published: Sequence[OutboxRow] = ()
    ) -> None:
        """Move positions by compare-and-set, save sequences, add to the outbox; delete what was published before.

        Raises:
            FencedError: a position is not where it should be.
        """
        ...

    async def published(self, rows: Sequence[OutboxRow]) -> None:
        """Delete exactly these rows: the log acknowledged them."""
        ...
