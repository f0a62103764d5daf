"""What the HTTP edge may read, and where it appends."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from dispatcher.domain.confirming import Asked
from dispatcher.domain.delivery import Delivery, State
from dispatcher.domain.recipient import Recipient


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


@dataclass(frozen=True, slots=True)
class Halt:
    """A halt in force."""

    scope: str
    """A workspace's name, or `*` for all of them."""
    by: str
    at: datetime


class Archive(Protocol):
    """What the api may read."""

    async def halts(self) -> Sequence[Halt]:
        """As the senders have read them, by scope."""
        ...

    async def report(self, delivery_id: UUID) -> DeliveryReport | None: ...

    async def mail(self, workspace: str, delivery_id: UUID) -> tuple[Delivery, Recipient] | None:
        """What is needed to show a mail again; None for one that was never sent, or is gone."""
        ...

    async def asked(self, workspace: str, delivery_id: UUID) -> Asked | None:
        """What is known of a mail that asked for consent; None for one that was never sent, or is gone."""
        ...


class Appender(Protocol):
    """Appends to one topic, acknowledged by all."""

    async def append(
        self, key: bytes, value: bytes, headers: Mapping[str, bytes] | None = None
    ) -> None:
        """Return once it is in the log.

        Raises:
            TransientError: it may or may not be in the log.
        """
        ...
