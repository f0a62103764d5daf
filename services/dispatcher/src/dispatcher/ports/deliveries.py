"""The deliveries of owned partitions: what is due, and the moves they make."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, Protocol
from uuid import UUID

from common.consuming import Transaction
from dispatcher.domain.delivery import Delivery, State, may_move
from dispatcher.domain.gate import AddressStanding, PersonStop
from dispatcher.domain.recipient import Recipient


@dataclass(frozen=True, slots=True)
class Candidate:
    """A delivery that is due, with what is known of its recipient; all of it locked."""

    delivery: Delivery
    state: State
    announced: str
    """The reason of the hold that was last told; empty: none."""
    attempts: int
    claims: int
    recipient: Recipient | None
    """The one it goes to: of a merged profile, the last one it was merged into, as far as that is known."""
    read_in: frozenset[int]
    """The partitions whose contacts say so."""
    address_hash: str | None
    address: AddressStanding
    stop: PersonStop | None = None
    """What was said of the person, also under a name that was merged into this one."""


@dataclass(frozen=True, slots=True)
class Work:
    """What waits to be done."""

    marketing: bool
    transactional: bool
    orphans: bool
    """Something is under way without being in flight here."""


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
    reason: str | None = None
    """None: it stays as it is."""
    due_at: datetime | None = None
    announced: str | None = None
    provider: str | None = None
    claims_again: bool = False
    """The move is a claim."""
    attempted: bool = False
    """The move is the end of an attempt."""

    def __post_init__(self) -> None:
        if not all(may_move(before, self.after) for before in self.before):
            raise ValueError(f"no move from {self.before} to {self.after}")


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


@dataclass(frozen=True, slots=True, order=True)
class Suppression:
    """An address that is of no use any more, and why."""

    workspace: str
    channel: str
    address_hash: str
    reason: str


class Deliveries(Protocol):
    """The deliveries of owned partitions; all but the first look happens inside a fenced transaction."""

    async def look(self, partitions: Collection[int], in_flight: Collection[UUID]) -> Work:
        """What there is to do, without locking or changing anything."""
        ...

    async def now(self, tx: Transaction) -> datetime:
        """The database's clock."""
        ...

    async def find_due(
        self, tx: Transaction, partitions: Collection[int], limit: int, *, marketing: bool
    ) -> Found:
        """The deliveries due now, their recipients and addresses locked.

        Transactional ones come first, then who is due the longest; marketing only where asked for.
        """
        ...

    async def find_orphans(
        self, tx: Transaction, partitions: Collection[int], in_flight: Collection[UUID]
    ) -> Sequence[tuple[UUID, State, int]]:
        """What is claimed or transmitting without being in flight here: id, state, claims."""
        ...

    async def change(self, tx: Transaction, changes: Sequence[Change]) -> Sequence[Changed]:
        """Make the moves, with one statement; returned are those that happened."""
        ...

    async def suppress(self, tx: Transaction, suppressions: Collection[Suppression]) -> None:
        """Use these addresses no more; they are locked, so nothing may be looked for after it in the same transaction."""
        ...


class Ended(NamedTuple):
    """What the log says last of a delivery."""

    delivery_id: UUID
    state: State
    reason: str
    provider: str
    at: datetime
