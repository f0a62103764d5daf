"""What a service says of its loop, and what the runtime needs around it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Generic, Literal, Protocol, TypeVar

from common.clock import Clock, monotonic, utc_now
from common.configuration import Configuration
from common.consuming.folding import Fuse
from common.streaming.model import Book, Handlers
from common.streaming.ports import Ledger, Log

S = TypeVar("S")

HandlersFor = Callable[[Configuration], Handlers[S]]
"""Builds the index for the configuration in force; called again only when it changes."""


class ConfigurationSource(Protocol):
    """Where the configuration in force comes from."""

    @property
    def current(self) -> Configuration: ...

    async def wait_ready(self) -> None:
        """Return once all that was published before the start is known."""
        ...

    async def catch_up(self) -> None:
        """The same of what was published before the call; TransientError where that takes too long."""
        ...


@dataclass(frozen=True, slots=True)
class Loop(Generic[S]):
    """A consumer: which topics it folds, how, and into which book."""

    name: str
    """`<service>.<process>`; names the consumer group and the origin of what it writes."""
    anchor: str
    """The topic whose consumer group elects the owners."""
    inputs: Sequence[str]
    """In the order in which one batch folds them."""
    handlers: HandlersFor[S]
    book: Book[S]
    time: Literal["progress", "own"] = "progress"
    """`own`: resolve, which makes the time that all others follow through `ingest.progress`."""

    @property
    def journal(self) -> str:
        return self.name.split(".", 1)[0] + ".journal"


@dataclass(frozen=True, slots=True)
class Pace:
    """The runtime's knobs."""

    batch: int = 500
    """Records, and again timers, a batch may take; a slice must stay under 50 ms of CPU."""
    wait: float = 0.05
    """Seconds a poll waits when nothing is there; bounds how late a due timer is noticed."""
    more: float = 0.01
    """Seconds a busy loop waits at most for the rest of what came while it was at work."""
    gather: float = 0.05
    """Seconds from the beginning of a batch to that of the next, at least, unless it had many: what a batch costs whatever it
    holds is then paid for more of them. Whoever comes alone does not wait."""
    many: int = 100
    """So many signals are worth a batch, and where they come, more are expected: then nobody rests."""
    tick: float = 0.25
    """Seconds of silence after which a raw partition gets a tick, and between two statements of progress."""
    backoff: float = 0.1
    """Seconds before the first retry after a transient error; doubled up to 5 s."""
    commit: float = 1.0
    """Seconds between commits for lag tools."""
    observe: float = 5.0
    """Seconds between two looks at lag, timers and the database's transactions, for the metrics."""
    stuck: float = 30.0
    """Seconds without a finished round after which the elector gives up the process's place."""

    def rest(self, taken: int, seconds: float) -> float:
        """Seconds until the next batch is worth while, after one of so many signals that took so long."""
        return 0.0 if taken == 0 or taken >= self.many else max(0.0, self.gather - seconds)


@dataclass(frozen=True, slots=True)
class Life:
    """The life of a database, from its first migration on."""

    id: str
    """The incarnation; part of the origin of all that is written."""
    live_since: datetime
    """What was appended before is history."""

    @classmethod
    async def of(cls, ledger: Ledger) -> Life:
        return cls(await ledger.incarnation(), await ledger.live_since())


@dataclass(slots=True)
class Surroundings:
    """What the composition root hands to every loop and job of a process."""

    log: Log
    ledger: Ledger
    configuration: ConfigurationSource
    pace: Pace = field(default_factory=Pace)
    fuse: Fuse = field(default_factory=Fuse)
    monotonic: Callable[[], float] = monotonic
    clock: Clock = utc_now
    """Only for the journal's own time stamp and for ticks; nothing is decided by it."""


@dataclass(slots=True)
class Pulse:
    """When a loop last finished a round; health and the elector look at it."""

    monotonic: Callable[[], float]
    last: float = field(init=False)

    def __post_init__(self) -> None:
        self.last = self.monotonic()

    def beat(self) -> None:
        self.last = self.monotonic()

    def healthy(self, stuck: float) -> bool:
        return self.monotonic() - self.last < stuck
