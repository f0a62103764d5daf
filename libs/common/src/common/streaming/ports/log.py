"""What the runtime needs from Kafka, in its own words."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import NamedTuple, Protocol

import msgspec

FEW = 100
"""A reader that had fewer records than that to give fetches on only when it is polled again: one answer then holds all that came
meanwhile, where one that is waited for is there with the first record."""


class Place(NamedTuple):
    """A partition of a topic (without the installation's prefix)."""

    topic: str
    partition: int


class Bounds(NamedTuple):
    """The offsets a log holds: `begin` is the first that exists, `end` the next to be written."""

    begin: int
    end: int


class Fetched(msgspec.Struct, frozen=True):
    """A record as it came from the log."""

    place: Place
    offset: int
    appended_at: datetime
    key: bytes | None
    value: bytes | None
    headers: Mapping[str, bytes] = msgspec.field(default_factory=dict)


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

    async def last_records(
        self, places: Collection[Place], most: int
    ) -> Mapping[Place, Sequence[Fetched]]:
        """The newest records of each, in order, so many at most; nothing of those that are empty. One question, as above."""
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
