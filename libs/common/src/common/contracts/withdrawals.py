"""What stops sending within a second: withdrawals, halt and resume, and the senders' barriers."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from common.contracts.payload import Payload


class ContactWithdrawn(Payload, frozen=True, kw_only=True):
    """The owner of an address said no; the record's key is the address's keyed hash."""

    TYPE: ClassVar[str] = "contact.withdrawn.v1"
    TOPICS: ClassVar[tuple[str, ...]] = ("contact.withdrawals",)

    address_hash: str
    channel: str
    purpose: str
    """`marketing`, or `*` for all but transactional."""
    via: str
    """`one_click`, `preference_page`, `stop`, `complaint`."""
    requested_at: datetime
    profile_id: UUID | None = None
    delivery_id: UUID | None = None


class ContactSuppressed(Payload, frozen=True, kw_only=True):
    """An address must not be used any more, whatever for; the record's key is its keyed hash."""

    TYPE: ClassVar[str] = "contact.suppressed.v1"
    TOPICS: ClassVar[tuple[str, ...]] = ("contact.withdrawals",)

    address_hash: str
    channel: str
    reason: str
    """One word, such as `bounced`, `complained`, `imported`."""


class PersonSuppressed(Payload, frozen=True, kw_only=True):
    """A person must not be written to any more, by whatever address and channel; the record's key is the profile's id."""

    TYPE: ClassVar[str] = "contact.person_suppressed.v1"
    TOPICS: ClassVar[tuple[str, ...]] = ("contact.withdrawals",)

    profile_id: UUID
    reason: str
    """One word, such as `legal`, `deceased`, `hard_stop`."""
    transactional: bool
    """Whether also what an order brings with it is not sent."""


class SendingHalted(Payload, frozen=True, kw_only=True):
    """Nothing more is claimed for this workspace (`*` = all) until it is resumed."""

    TYPE: ClassVar[str] = "sending.halted.v1"
    TOPICS: ClassVar[tuple[str, ...]] = ("contact.withdrawals",)

    scope: str
    by: str


class SendingResumed(Payload, frozen=True, kw_only=True):
    """Sending goes on for this workspace (`*` = all)."""

    TYPE: ClassVar[str] = "sending.resumed.v1"
    TOPICS: ClassVar[tuple[str, ...]] = ("contact.withdrawals",)

    scope: str
    by: str


class BarrierAppended(Payload, frozen=True, kw_only=True):
    """A sender's own mark: when it reads it back, it has read every withdrawal before it."""

    TYPE: ClassVar[str] = "sending.barrier_appended.v1"
    TOPICS: ClassVar[tuple[str, ...]] = ("contact.withdrawals",)

    sender: str
    number: int
