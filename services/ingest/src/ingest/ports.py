"""What ingest needs from outside, in its own words."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from common.contracts.profiles import ContactChanged
from common.streaming.ports import Outgoing
from ingest.domain.identifiers import Identifier
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

    async def events(self, event_ids: Collection[UUID]) -> Sequence[KnownEvent]:
        """Those of the events that were resolved within the window.

        Raises:
            TransientError: the database cannot be reached.
        """
        ...
