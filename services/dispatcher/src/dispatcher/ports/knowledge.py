"""What a sender has to know at the moment of sending: rules, every no, the age of the contacts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from dispatcher.domain.rules import Rules
from dispatcher.domain.templates import Templates

CONTACTS = "profile.contacts"


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


@dataclass(frozen=True, slots=True)
class Ban:
    """An address that must not be used, whatever for."""

    workspace: str
    channel: str
    address_hash: str
    reason: str


@dataclass(frozen=True, slots=True)
class PersonBan:
    """Somebody who must not be written to, by whatever address and channel."""

    workspace: str
    profile_id: UUID
    reason: str
    transactional: bool
    """Whether also what an order brings with it is not sent."""


NoRecord = Withdrawal | HaltChange | Ban | PersonBan


@dataclass(frozen=True, slots=True)
class Barrier:
    """A mark of our own on contact.withdrawals that was read back: every no before it is folded."""

    began: float
    """The monotonic second at which its append began: whoever was answered earlier lies before it."""
    appended_at: datetime
    """When it was appended, by the brokers' clock."""


class Noes(Protocol):
    """What was withdrawn and halted, folded once by whoever of the senders reads it first."""

    async def position(self) -> int | None:
        """The next offset of contact.withdrawals to be folded; None: none was yet."""
        ...

    async def skip_to(self, offset: int) -> None:
        """What lay before is no longer in the log."""
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
