"""What dispatcher needs from others, in its own words."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol
from uuid import UUID

from common.consuming import Transaction
from common.consuming.ports import Place
from common.errors import CuestreamError
from dispatcher.domain.delivery import Delivery, State
from dispatcher.domain.gate import AddressStanding
from dispatcher.domain.reasons import FailedReason
from dispatcher.domain.recipient import Recipient
from dispatcher.domain.rules import Rules, Sender
from dispatcher.domain.templates import Templates


@dataclass(frozen=True, slots=True)
class Email:
    """One mail to one recipient."""

    sender: Sender
    to: str
    subject: str
    html: str
    text: str
    language: str
    date: datetime
    unsubscribe: str | None = None
    """Where a POST unsubscribes (RFC 8058); None on transactional mail."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """The provider took it."""

    provider: str


@dataclass(frozen=True, slots=True)
class Refused:
    """The provider will never take it."""

    provider: str
    reason: FailedReason
    detail: str = ""
    """Codes only: what a server says in words may quote the address."""


class OutcomeUnknown(CuestreamError):  # noqa: N818 - it is no error of anybody: it is what is known
    """The provider may or may not have taken it."""


class EmailProvider(Protocol):
    """Hands mails over to whoever delivers them."""

    async def send(
        self, email: Email, *, idempotency_key: UUID, start_by: float | None = None
    ) -> Accepted | Refused:
        """Hand the email over once per key.

        Args:
            email: what to hand over.
            idempotency_key: the delivery's id; it becomes the Message-ID.
            start_by: monotonic second after which the first byte may no longer go out.

        Raises:
            TransientError: nothing was handed over; the same email may be tried later. The reason
                is `too_late` (see `start_by`), `provider_deferred` (this mail, later) or
                `provider_unavailable` (nobody's mail, for now).
            OutcomeUnknown: the provider may or may not have taken it.
        """
        ...


class Outlets(Protocol):
    """Which provider a workspace's mails go to."""

    def outlet(self, rules: Rules) -> EmailProvider | None:
        """None: the workspace delivers live, and no provider is configured."""
        ...


class Rulebook(Protocol):
    """The configuration in force, as far as sending is concerned."""

    def rules(self, workspace: str) -> Rules | None:
        """None: no release of the workspace is known here."""
        ...

    def templates(self, playbook: str, version: str) -> Templates | None:
        """The templates of that version, also of an older one; None where it is unknown here.

        Raises:
            TemplateError: they cannot be read.
        """
        ...


@dataclass(frozen=True, slots=True)
class Candidate:
    """A delivery that is due, with what is known of its recipient; all of it locked."""

    delivery: Delivery
    state: State
    announced: str
    """The reason of the hold that was last told; empty: none."""
    holds: int
    attempts: int
    claims: int
    recipient: Recipient | None
    address_hash: str | None
    address: AddressStanding


@dataclass(frozen=True, slots=True)
class Found:
    """What a look at the due deliveries brought."""

    now: datetime
    """The database's clock."""
    halted: frozenset[str]
    """Workspaces that are halted; `*` is all of them."""
    candidates: Sequence[Candidate]


@dataclass(frozen=True, slots=True)
class Change:
    """One move of one delivery; it happens only from that state and that claim."""

    delivery_id: UUID
    claims: int
    """Of the delivery as it was read: another claim since then, and nothing happens."""
    before: tuple[State, ...]
    after: State
    reason: str = ""
    due_at: datetime | None = None
    announced: str | None = None
    provider: str | None = None
    claims_again: bool = False
    """The move is a claim."""
    attempted: bool = False
    """The move is the end of an attempt."""


@dataclass(frozen=True, slots=True)
class Changed:
    """A move that happened."""

    delivery: Delivery
    after: State
    reason: str
    at: datetime
    claimed_at: datetime | None
    claims: int
    holds: int
    provider: str


class Deliveries(Protocol):
    """The deliveries of owned partitions, inside a fenced transaction."""

    async def find_due(self, tx: Transaction, partitions: Collection[int], limit: int) -> Found:
        """The deliveries due now, the longest due first, their recipients and addresses locked."""
        ...

    async def find_orphans(
        self, tx: Transaction, partitions: Collection[int], in_flight: Collection[UUID]
    ) -> Sequence[tuple[UUID, State, int]]:
        """What is claimed or transmitting without being in flight here: id, state, claims."""
        ...

    async def change(self, tx: Transaction, changes: Sequence[Change]) -> Sequence[Changed]:
        """Make the moves, with one statement; returned are those that happened."""
        ...

    async def suppress(
        self, tx: Transaction, workspace: str, channel: str, address_hash: str, reason: str
    ) -> None:
        """Use this address no more."""
        ...


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """A no, as the log holds it."""

    workspace: str
    channel: str
    address_hash: str
    purpose: str
    at: datetime


@dataclass(frozen=True, slots=True)
class HaltChange:
    """A halt or its end."""

    scope: str
    halted: bool
    by: str
    at: datetime


NoRecord = Withdrawal | HaltChange


class Noes(Protocol):
    """What was withdrawn and halted, folded once by whoever of the senders reads it first."""

    async def position(self) -> int | None:
        """The next offset of contact.withdrawals to be folded; None: none was yet."""
        ...

    async def fold(self, first: int, following: int, records: Sequence[NoRecord | None]) -> None:
        """Fold the records at offsets `first` … `following` - 1; what others folded already is left out.

        Raises:
            TransientError: nothing happened.
        """
        ...


class ContactPositions(Protocol):
    """How far `dispatcher consume` has folded the contacts."""

    async def contact_positions(self) -> Mapping[int, int]:
        """Partition → next offset; a partition that was never read is not in it."""
        ...


@dataclass(frozen=True, slots=True)
class DeliveryReport:
    """What an operator may know of a delivery."""

    delivery_id: UUID
    workspace: str
    profile_id: UUID
    state: State
    reason: str
    due_at: datetime
    expires_at: datetime
    attempts: int
    claimed_at: datetime | None
    provider: str
    playbook: str
    message: str
    channel: str
    purpose: str


class Archive(Protocol):
    """What the api may read."""

    async def report(self, delivery_id: UUID) -> DeliveryReport | None: ...

    async def mail(self, workspace: str, delivery_id: UUID) -> tuple[Delivery, Recipient] | None:
        """What is needed to show a mail again; None for one that was never sent, or is gone."""
        ...


class Appender(Protocol):
    """Appends to one topic, acknowledged by all."""

    async def append(self, key: bytes, value: bytes, headers: Mapping[str, bytes] = ...) -> None:
        """Return once it is in the log.

        Raises:
            TransientError: it may or may not be in the log.
        """
        ...


WITHDRAWALS = Place("contact.withdrawals", 0)
PROGRESS = Place("ingest.progress", 0)
CONTACTS = "profile.contacts"
Via = Literal["one_click", "preference_page"]
