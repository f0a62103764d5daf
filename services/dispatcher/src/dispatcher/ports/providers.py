"""Who mails are handed over to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from common.errors import CuestreamError
from dispatcher.domain.reasons import FailedReason
from dispatcher.domain.rules import Rules, Sender


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
