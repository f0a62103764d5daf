"""Who is handed what a journey asks for: mails today; texts, audiences, hand-overs and vouchers as soon as there are adapters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol, TypeVar
from uuid import UUID

from common.contracts.actions import Kind, Printable
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
class ShortMessage:
    """One SMS to one phone."""

    to: str
    """E.164."""
    text: str


@dataclass(frozen=True, slots=True)
class AudienceChange:
    """One person, known by hashes alone, comes into a retargeting audience or leaves it."""

    audience: str
    operation: Literal["add", "remove"]
    hashes: Mapping[str, str]
    """SHA-256 of what the network knows the person by: `email`, `phone`."""


@dataclass(frozen=True, slots=True)
class HandOver:
    """What another system, such as the CRM, is told of one person; it is acknowledged or refused."""

    to: str
    profile_id: UUID
    data: Mapping[str, Printable]


@dataclass(frozen=True, slots=True)
class VoucherDraw:
    """One voucher of a pool for one person."""

    pool: str
    profile_id: UUID


@dataclass(frozen=True, slots=True)
class Accepted:
    """The provider took it."""

    provider: str
    receipt: str = ""
    """What it calls it: a voucher's code, the CRM's own id."""


@dataclass(frozen=True, slots=True)
class Refused:
    """The provider will never take it."""

    provider: str
    reason: FailedReason
    detail: str = ""
    """Codes only: what a server says in words may quote the address."""


class OutcomeUnknown(CuestreamError):  # noqa: N818 - it is no error of anybody: it is what is known
    """The provider may or may not have taken it."""


P_contra = TypeVar("P_contra", contravariant=True)


class Provider(Protocol[P_contra]):
    """Hands one kind of thing over to whoever delivers it; every adapter passes the suite in `test_providers.py`."""

    async def send(
        self, parcel: P_contra, /, *, idempotency_key: UUID, start_by: float | None = None
    ) -> Accepted | Refused:
        """Hand it over once per key.

        Args:
            parcel: what to hand over.
            idempotency_key: the delivery's id; it becomes a mail's Message-ID.
            start_by: monotonic second after which the first byte may no longer go out.

        Raises:
            TransientError: nothing was handed over; the same may be tried later. The reason
                is `too_late` (see `start_by`), `provider_deferred` (this one, later) or
                `provider_unavailable` (nobody's, for now).
            OutcomeUnknown: the provider may or may not have taken it.
        """
        ...


EmailProvider = Provider[Email]
SmsProvider = Provider[ShortMessage]
AudienceProvider = Provider[AudienceChange]
HandOverProvider = Provider[HandOver]
VoucherProvider = Provider[VoucherDraw]


class Outlets(Protocol):
    """Which provider a workspace's mails go to."""

    def speaks(self, kind: Kind, channel: str) -> bool:
        """Whether there is an adapter for such errands at all."""
        ...

    def outlet(self, rules: Rules) -> EmailProvider | None:
        """None: the workspace delivers live, and no provider is configured."""
        ...
