"""What ingest needs from outside, in its own words."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol
from uuid import UUID

from common.contracts.profiles import ContactChanged
from common.streaming.model import Transaction
from common.streaming.ports import Outgoing, Place
from ingest.domain.identifiers import Identifier
from ingest.domain.people import Account, Golden, Sharing, Statement
from ingest.domain.receptions import Tallies
from ingest.domain.references import Reference


class Appender(Protocol):
    """The end of one topic."""

    async def append_many(self, records: Sequence[Outgoing]) -> None:
        """Append all; on return every one is acknowledged by all replicas in sync.

        Raises:
            TransientError: `queue_full` or `kafka_unavailable`; some may have been appended.
        """
        ...


@dataclass(frozen=True, slots=True)
class KnownProfile:
    """A profile as the look-ups show it to an admin."""

    workspace: str
    profile_id: UUID
    identifiers: Sequence[Identifier]
    contact: ContactChanged
    merged: Sequence[UUID] = ()
    """Profiles that have become this one."""
    golden: Golden = field(default_factory=Golden)
    """What stands of each trait, who said it, and what lost."""
    accounts: Mapping[str, Account] = field(default_factory=dict)
    """The companies it buys for, by their ids."""


@dataclass(frozen=True, slots=True)
class SharedIdentifier:
    """An id that was said of several profiles."""

    identifier: Identifier
    sharing: Sharing


@dataclass(frozen=True, slots=True)
class KnownEvent:
    """An accepted event that was resolved within the window."""

    workspace: str
    event_id: UUID
    profile_id: UUID
    """Whose it was when it was resolved."""
    merged_into: UUID | None
    """Whose it is now, where that profile has become another one."""
    seen_at: datetime
    partition: int
    """Of ingest.events."""


class Directory(Protocol):
    """Answers who is meant."""

    async def profiles(self, workspace: str, reference: Reference) -> Sequence[KnownProfile]:
        """All that the reference means; several people may have left the same address.

        A profile that has become another one is never meant, but that other one.

        Raises:
            TransientError: the database cannot be reached.
        """
        ...

    async def statements(self, workspace: str, profile_id: UUID) -> Sequence[Statement]:
        """All that a profile, and those that became it, ever stated of consent, as it was received.

        Raises:
            TransientError: the database cannot be reached.
        """
        ...

    async def shared(self, workspace: str) -> Sequence[SharedIdentifier]:
        """The ids that most profiles share, those first; at most a hundred.

        Raises:
            TransientError: the database cannot be reached.
        """
        ...

    async def events(self, event_ids: Collection[UUID]) -> Sequence[KnownEvent]:
        """Those of the events that were resolved within the window.

        Raises:
            TransientError: the database cannot be reached.
        """
        ...


@dataclass(frozen=True, slots=True)
class SetAside:
    """A message that was not simply taken, and why."""

    workspace: str
    source: str
    event_id: UUID
    outcome: str
    reason: str
    detail: str
    received_at: datetime
    place: str
    """Where the log has it: `topic/partition/offset`."""


@dataclass(frozen=True, slots=True)
class Reception:
    """How often something came of a source before or within the hour."""

    workspace: str
    source: str
    since: datetime
    outcome: str
    what: str
    detail: str
    number: int
    last_at: datetime
    sample: UUID | None


class Receptions(Protocol):
    """What came in and what became of it; counted by one process at a time, and asked by all."""

    def transaction(self) -> AbstractAsyncContextManager[Transaction]:
        """Commit on leaving, roll back on an exception."""
        ...

    async def leads(self, tx: Transaction, work: str = "receptions") -> bool:
        """True for one transaction at a time and work: what it reads nobody else counts."""
        ...

    async def positions(self, tx: Transaction) -> Mapping[Place, int]:
        """Where to read on."""
        ...

    async def save(self, tx: Transaction, tallies: Tallies, positions: Mapping[Place, int]) -> None:
        """Add the tallies, and read on behind them: both or nothing."""
        ...

    async def forget(self, now: datetime) -> None:
        """Drop counts that nobody asks for any more."""
        ...

    async def set_aside(self, event_ids: Collection[UUID]) -> Sequence[SetAside]:
        """Those of the messages that were set aside within the window, the oldest first.

        Raises:
            TransientError: the database cannot be reached.
        """
        ...

    async def receptions(
        self,
        workspace: str | None,
        since: datetime,
        hour: datetime,
        *,
        sources: Collection[tuple[str, str]] | None = None,
        tx: Transaction | None = None,
    ) -> Sequence[Reception]:
        """What came since then, the newest first: of each thing what came from `hour` on, and what before.

        Args:
            workspace: None: of all.
            since: A span's begin.
            hour: A later span's begin.
            sources: By workspace and name; None: of all.
            tx: Where the caller has one open.
        """
        ...

    async def last_heard(
        self, workspace: str | None, *, tx: Transaction | None = None
    ) -> Mapping[tuple[str, str], datetime]:
        """By workspace and source, when something last came, however long ago."""
        ...
