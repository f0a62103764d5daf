"""A history as the checker walks it: topics by place and offset, rows by table, mails, answers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, Protocol
from uuid import UUID

import msgspec

from common.streaming.ports import Bounds, Fetched, Place
from tests.fault.history.mails import Mail

SERVICES: Final = ("ingest", "scoring", "orchestrator", "dispatcher")


class StateRow(msgspec.Struct, frozen=True, array_like=True):
    """A profile's aggregate in scoring or orchestrator."""

    partition: int
    profile_id: UUID
    workspace: str
    now: datetime
    schema: int
    state: bytes


class IdentityRow(msgspec.Struct, frozen=True, array_like=True):
    workspace: str
    kind: str
    value: str
    profile_id: UUID | None


class PersonRow(msgspec.Struct, frozen=True, array_like=True):
    workspace: str
    profile_id: UUID
    version: int
    record: str
    merged_into: UUID | None
    now: datetime | None


class SeenRow(msgspec.Struct, frozen=True, array_like=True):
    workspace: str
    event_id: UUID
    profile_id: UUID
    seen_at: datetime
    partition: int


class ConsentRow(msgspec.Struct, frozen=True, array_like=True):
    workspace: str
    profile_id: UUID
    proof_id: UUID
    channel: str
    purpose: str
    granted: bool


class RecipientRow(msgspec.Struct, frozen=True, array_like=True):
    partition: int
    profile_id: UUID
    version: int
    snapshot: bytes | None
    merged_into: UUID | None


class DeliveryRow(msgspec.Struct, frozen=True, array_like=True):
    delivery_id: UUID
    partition: int
    profile_id: UUID
    marketing: bool
    delivery: bytes
    state: str
    reason: str
    due_at: datetime
    claimed_at: datetime | None


class PositionRow(msgspec.Struct, frozen=True, array_like=True):
    loop: str
    owner: int
    topic: str
    partition: int
    next_offset: int


class OwnerRow(msgspec.Struct, frozen=True, array_like=True):
    loop: str
    partition: int
    epoch: int
    batch: int


class TimerRow(msgspec.Struct, frozen=True, array_like=True):
    loop: str
    partition: int
    profile_id: UUID
    name: str
    due_at: datetime


class WaitingRow(msgspec.Struct, frozen=True, array_like=True):
    """A row of an outbox: committed, not yet known to be published."""

    loop: str
    owner: int
    batch: int
    ordinal: int


_RUNTIME: Final[Mapping[str, tuple[type[msgspec.Struct], str]]] = {
    "positions": (PositionRow, "loop, owner, topic, partition, next_offset"),
    "partitions": (OwnerRow, "loop, partition, epoch, batch"),
    "timers": (TimerRow, "loop, partition, profile_id, name, due_at"),
    "outbox": (WaitingRow, "loop, owner, batch, ordinal"),
}
_STATES: Final = (StateRow, "partition, profile_id, workspace, now, schema, state")
TABLES: Final[Mapping[str, tuple[type[msgspec.Struct], str]]] = {
    **{f"{service}.{table}": what for service in SERVICES for table, what in _RUNTIME.items()},
    "ingest.identities": (IdentityRow, "workspace, kind, value, profile_id"),
    "ingest.profiles": (
        PersonRow,
        "workspace, profile_id, version, record::text, merged_into, now",
    ),
    "ingest.seen_messages": (SeenRow, "workspace, event_id, profile_id, seen_at, partition"),
    "ingest.consents": (
        ConsentRow,
        "workspace, profile_id, proof_id, channel, purpose, granted",
    ),
    "scoring.profiles": _STATES,
    "orchestrator.profiles": _STATES,
    "dispatcher.recipients": (
        RecipientRow,
        "partition, profile_id, version, snapshot, merged_into",
    ),
    "dispatcher.deliveries": (
        DeliveryRow,
        "delivery_id, partition, profile_id, marketing, delivery, state, reason, due_at, claimed_at",
    ),
}
"""Table → its row, and the columns in the row's order."""


class History(Protocol):
    """Everything of one run; may be walked any number of times."""

    partitions: int

    def bounds(self, place: Place) -> Bounds:
        """Of what was collected."""
        ...

    def records(self, place: Place) -> Iterator[Fetched]:
        """In the order of their offsets."""
        ...

    def rows(self, table: str) -> Iterator[Any]:
        """Rows of TABLES, in no particular order."""
        ...

    def mails(self) -> Sequence[Mail]:
        """Every acceptance by the SMTP server."""
        ...
