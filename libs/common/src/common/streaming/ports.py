"""What the runtime needs from Kafka and from the database, in its own words."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple, Protocol
from uuid import UUID

import msgspec

from common.streaming.model import TimerDue, Transaction


class Place(NamedTuple):
    """A partition of a topic (without the installation's prefix)."""

    topic: str
    partition: int


class Bounds(NamedTuple):
    """The offsets a log holds: `begin` is the first that exists, `end` the next to be written."""

    begin: int
    end: int


@dataclass(frozen=True, slots=True)
class Fetched:
    """A record as it came from the log."""

    place: Place
    offset: int
    appended_at: datetime
    key: bytes | None
    value: bytes | None
    headers: Mapping[str, bytes] = field(default_factory=dict)


class Outgoing(msgspec.Struct, frozen=True):
    """A record on its way to the log."""

    key: bytes | None
    value: bytes | None
    headers: Mapping[str, bytes] = msgspec.field(default_factory=dict)


class Reader(Protocol):
    """Reads partitions that somebody else assigned, from offsets that somebody else kept."""

    async def assign(self, positions: Mapping[Place, int]) -> None:
        """Read exactly these from now on, each from its offset; places that stay keep their fetch state."""
        ...

    async def poll(self, max_records: int, wait: float) -> Sequence[Fetched]:
        """Whatever is there, at most so many, per place in order; empty after `wait` seconds.

        Raises:
            TransientError: the log cannot be reached.
            PermanentError: `offset_out_of_range`, a place was trimmed or re-created under us.
        """
        ...

    def pause(self, places: Collection[Place]) -> None: ...

    def resume(self, places: Collection[Place]) -> None: ...

    def seek(self, place: Place, offset: int) -> None: ...

    async def bounds(self, places: Collection[Place]) -> Mapping[Place, Bounds]:
        """Begin and end of each, asked on a connection that no fetch blocks."""
        ...

    async def offsets_since(
        self, places: Collection[Place], instant: datetime
    ) -> Mapping[Place, int]:
        """The first offset of each that was appended at `instant` or later; its end where there is none."""
        ...

    async def records_at(self, offsets: Mapping[Place, int]) -> Mapping[Place, Fetched]:
        """The records at exactly these offsets, one of a place, without those that the log no longer holds.

        One question, however many: whoever takes partitions over asks it while they stand still.
        """
        ...


class Publisher(Protocol):
    """Appends to the log with acks=all, each call one batch to one partition."""

    async def publish(self, place: Place, records: Sequence[Outgoing]) -> None:
        """Append all in order; on return they are acknowledged.

        Raises:
            TransientError: some or none may have been appended; publish all of them again.
            PermanentError: `record_too_large`, the broker will never take the batch as it is.
        """
        ...


class Elector(Protocol):
    """Tells which partitions this process shall own, by a consumer group on the anchor topic."""

    async def run(
        self,
        on_assigned: Callable[[frozenset[int]], Awaitable[None]],
        healthy: Callable[[], bool],
    ) -> None:
        """Poll until cancelled; call back with the whole assignment whenever it changes.

        Stops polling (and so gives up its place) as soon as `healthy` says no.
        """
        ...

    async def commit(self, offsets: Mapping[Place, int]) -> None:
        """For lag tools only: never raises, a lost commit does no harm."""
        ...


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


class Log(Protocol):
    """Kafka, as the runtime opens it."""

    partitions: int
    """How many every profile-keyed topic has."""

    def reader(self) -> AbstractAsyncContextManager[Reader]: ...

    def publisher(self) -> AbstractAsyncContextManager[Publisher]: ...

    def elector(self, anchor: str, group: str) -> AbstractAsyncContextManager[Elector]: ...

    def partition_for(self, topic: str, key: bytes) -> int:
        """Where the default (murmur2) partitioner puts a key on that topic."""
        ...


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
