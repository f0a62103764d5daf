"""What a service gives the runtime and what it gets: signals in, `Folded` out, states through a `Book`."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import ClassVar, Generic, Protocol, TypeVar, cast
from uuid import UUID

import msgspec

from common.contracts import Event, Payload
from common.errors import PermanentError
from common.ids import derive, id_of

S = TypeVar("S")
T = TypeVar("T")


class Record(msgspec.Struct, frozen=True, dict=True):
    """One decoded record of an input topic."""

    topic: str
    """Without the installation's prefix."""
    partition: int
    offset: int
    appended_at: datetime
    accepted_at: datetime
    """The `accepted` header (the `now` of the fold that wrote it); without one, the append time."""
    event: Event
    traceparent: str | None = None
    history: bool = False
    """From before this database's life, or its cause was: it shapes state and triggers nothing."""

    @property
    def workspace(self) -> str:
        return self.event.workspace

    @property
    def profile_id(self) -> UUID:
        """Whose record it is.

        Raises:
            PermanentError: `undecodable`, the event's subject is not a profile id.
        """
        try:
            return id_of(self.event.subject)
        except ValueError as error:
            raise PermanentError("undecodable", "the subject is not a profile id") from error

    @property
    def cause(self) -> UUID:
        return self.event.id

    @property
    def correlation(self) -> UUID:
        return self.event.correlationid

    def worked_out(self, how: Callable[[Record], T]) -> T:
        """What `how`, which must be pure, makes of it; made once, however often a book and a fold ask."""
        made = cast("dict[object, T]", self.__dict__)
        if how not in made:
            made[how] = how(self)
        return made[how]


class TimerDue(msgspec.Struct, frozen=True, dict=True):
    """A timer whose instant the virtual time has passed."""

    partition: int
    workspace: str
    profile_id: UUID
    name: str
    due_at: datetime
    correlation: UUID
    """That of the signal that set it, so that a trace does not break at a wait."""
    traceparent: str | None = None
    retried_at: datetime | None = None
    """When an operator let it fire again after its fold had failed; then it is no row any more."""
    history: ClassVar[bool] = False

    @cached_property
    def cause(self) -> UUID:
        return derive("timer", self.profile_id, self.name, self.due_at.isoformat())


Signal = Record | TimerDue


class Consequence(msgspec.Struct, frozen=True):
    """An event that a fold leads to; the runtime makes its envelope, id and sequence."""

    topic: str
    payload: Payload | None
    """None writes a tombstone under the subject's key."""
    subject: str
    """The profile id as text, or what else the topic is keyed by; it is the record's key."""
    time: datetime | None = None
    """When it happened; without it, the fold's `now`."""
    id: UUID | None = None
    """Only where the payload carries the id too (a decision); otherwise derived from the cause."""


class Folded(msgspec.Struct, Generic[S], frozen=True):
    """What one signal does: the new state, timers set (an instant) or cancelled (None), consequences."""

    state: S
    timers: Mapping[str, datetime | None] = msgspec.field(default_factory=dict)
    """By name, unique within the profile."""
    consequences: Sequence[Consequence] = ()
    profile_id: UUID | None = None
    """Whose timers these are, where the signal does not say it (resolve has no timers)."""


Fold = Callable[[S | None, Signal, datetime], Folded[S]]
"""Pure: no clock, no chance, no I/O; never changes the state it was given."""


@dataclass(frozen=True, slots=True)
class Handlers(Generic[S]):
    """The index of a service: payload type → fold. Known types that are not in it are ignored."""

    records: Mapping[str, Fold[S]]
    timer: Fold[S] | None = None


@dataclass(slots=True)
class Entry(Generic[S]):
    """One state on a sheet; the runtime replaces `state` and `now` as it folds."""

    state: S | None
    now: datetime | None
    """The last `now` with which this state was folded; None for a new one."""
    changed: bool = False


@dataclass(slots=True)
class Sheet(Generic[S]):
    """All states that one batch touches, and which signal belongs to which."""

    entries: dict[Hashable, Entry[S]]
    key_of: Callable[[Signal], Hashable]
    draw: int | None = None
    """resolve only: a database sequence's number, drawn after the last identity lock; goes to the journal."""

    def entry(self, signal: Signal) -> Entry[S]:
        return self.entries[self.key_of(signal)]


class Transaction(Protocol):
    """A database transaction, in the words of the driver's SQL (`$1`, `$2`, …)."""

    async def fetch(self, sql: str, *args: object) -> Sequence[Mapping[str, object]]: ...

    async def execute(self, sql: str, *args: object) -> str:
        """Run it and return the command tag, such as `UPDATE 3`."""
        ...

    def savepoint(self) -> AbstractAsyncContextManager[None]:
        """Undo what the body wrote when it raises; the transaction goes on."""
        ...


class Book(Protocol[S]):
    """Loads and saves a service's states; `store.py` implements it.

    Either call may raise TransientError (the batch is rolled back and tried again).
    """

    async def load(self, tx: Transaction, signals: Sequence[Signal]) -> Sheet[S]:
        """Load all that the signals touch, with one query where possible, locked where others could write it."""
        ...

    async def save(self, tx: Transaction, sheet: Sheet[S]) -> None:
        """Write the changed entries, with one statement per table.

        Raises:
            PermanentError: the database will never take one of them; the runtime finds out which.
        """
        ...
