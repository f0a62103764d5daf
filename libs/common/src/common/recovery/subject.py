"""What a service says of itself to be folded again."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Generic, TypeVar

from common.consuming.loop import Life, Loop
from common.consuming.ownership import LATE
from common.errors import PermanentError
from common.kafka.log import KafkaLog
from common.postgres import Database
from common.recovery.history import Entry, entry_of
from common.streaming.ports import Log, Place, Position, Reader, Standing

S = TypeVar("S")

MARGIN = timedelta(minutes=5)
"""How far clocks and acknowledgements may lie apart."""

Reconcile = Callable[[Database, Log, datetime | None], Awaitable[Mapping[str, int]]]
"""What only the service can bring forward, from the log since an instant (None: its begin); how much of what was done."""


@dataclass(frozen=True, slots=True)
class Subject(Generic[S]):
    """A service's loop with what else its database holds."""

    service: str
    """Its schema, too."""
    name: str
    """The loop's."""
    loop_of: Callable[[Life], Loop[S]]
    tables: Mapping[str, str]
    """What a fold alone writes: table → columns to compare, as SQL."""
    jobs: Sequence[str] = ()
    """Loops that publish under numbers of their own without a journal."""
    draws: str = ""
    """The database sequence that orders the batches, if one does."""
    reconcile: Reconcile | None = None

    @property
    def journal(self) -> str:
        return f"{self.service}.journal"

    @property
    def bookkeeping(self) -> Mapping[str, str]:
        """The runtime's own tables, as far as a fold determines them."""
        return {
            "positions": "owner, topic, partition, next_offset, appended_at",
            "sequences_seen": "owner, topic, partition, origin, last",
            "sequences_drawn": "owner, topic, counters",
            "timers": "partition, profile_id, name, workspace, due_at, correlation, traceparent",
        }


@dataclass(slots=True)
class Readers:
    """Readers of one command, closed with it."""

    log: KafkaLog
    stack: AsyncExitStack = field(default_factory=AsyncExitStack)

    async def __aenter__(self) -> Readers:
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.stack.aclose()

    async def new(self) -> Reader:
        return await self.stack.enter_async_context(self.log.reader())


async def last_entries(reader: Reader, topic: str, partitions: int) -> dict[int, Entry]:
    """The newest batch of every partition that has one."""
    places = [Place(topic, partition) for partition in range(partitions)]
    last = await reader.last_records(places, LATE)
    return {
        place.partition: max(
            map(entry_of, records), key=lambda entry: (entry.at, entry.batch.batch)
        )
        for place, records in last.items()
    }


def newest_life(entries: Mapping[int, Entry], topic: str) -> Life:
    """Whose journal it is.

    Raises:
        PermanentError: `no_journal`, nothing was ever journaled.
    """
    if not entries:
        raise PermanentError("no_journal", f"{topic} is empty")
    newest = max(entries.values(), key=lambda entry: entry.at)
    since = newest.batch.live_since
    if since is None:
        raise PermanentError("no_journal", f"{topic} was written by an older version")
    return Life(newest.incarnation, since)


def oldest_position(standings: Mapping[int, Standing]) -> datetime | None:
    """Since when there may be something to fold; None: since the log's begin."""
    positions: list[Position] = [p for s in standings.values() for p in s.positions.values()]
    times = [position.appended_at for position in positions]
    known = [at for at in times if at is not None]
    if not known or len(known) < len(times) or any(not s.positions for s in standings.values()):
        return None
    return min(known) - MARGIN
