"""Fakes of the dispatcher's ports; each passes the contract suite of its port."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar
from uuid import UUID

from typing_extensions import override

from common.contracts import Event, decode_event
from common.errors import TransientError
from dispatcher.domain.confirming import Asked
from dispatcher.domain.delivery import Delivery
from dispatcher.domain.recipient import Recipient
from dispatcher.domain.rules import Rules
from dispatcher.domain.templates import Templates, read_templates
from dispatcher.ports import (
    Accepted,
    Appender,
    Archive,
    DeliveryReport,
    Email,
    Halt,
    OutcomeUnknown,
    Provider,
    Refused,
    Rulebook,
)
from services.dispatcher.tests.making import FILES, RULES

P = TypeVar("P")


@dataclass(slots=True, eq=False)
class FakeProvider(Provider[P]):
    """Takes everything, unless told what to do with the next ones."""

    outcomes: deque[Refused | TransientError | OutcomeUnknown] = field(default_factory=deque)
    taken: Counter[UUID] = field(default_factory=Counter)
    parcels: list[P] = field(default_factory=list)
    now: float = 0.0

    @override
    async def send(
        self, parcel: P, /, *, idempotency_key: UUID, start_by: float | None = None
    ) -> Accepted | Refused:
        if start_by is not None and self.now > start_by:
            raise TransientError("too_late")
        outcome = self.outcomes.popleft() if self.outcomes else Accepted("fake")
        if isinstance(outcome, Accepted):
            self.taken[idempotency_key] += 1
            self.parcels.append(parcel)
        if isinstance(outcome, Accepted | Refused):
            return outcome
        raise outcome


class FakeEmailProvider(FakeProvider[Email]):
    """Of mails."""


@dataclass(slots=True)
class FakeAppender(Appender):
    """Keeps what was appended; can be away."""

    records: list[tuple[bytes, Event]] = field(default_factory=list)
    away: bool = False

    @override
    async def append(
        self, key: bytes, value: bytes, headers: Mapping[str, bytes] | None = None
    ) -> None:
        if self.away:
            raise TransientError("kafka_unavailable")
        self.records.append((key, decode_event(value)))


@dataclass(slots=True)
class FakeArchive(Archive):
    """Knows what it was given."""

    mails: dict[UUID, tuple[Delivery, Recipient]] = field(default_factory=dict)
    askings: dict[UUID, Asked] = field(default_factory=dict)
    reports: dict[UUID, DeliveryReport] = field(default_factory=dict)
    in_force: list[Halt] = field(default_factory=list)
    away: bool = False

    @override
    async def halts(self) -> Sequence[Halt]:
        return self.in_force

    @override
    async def report(self, delivery_id: UUID) -> DeliveryReport | None:
        if self.away:
            raise TransientError("database_unavailable")
        return self.reports.get(delivery_id)

    @override
    async def mail(self, workspace: str, delivery_id: UUID) -> tuple[Delivery, Recipient] | None:
        if self.away:
            raise TransientError("database_unavailable")
        found = self.mails.get(delivery_id)
        return found if found and found[0].workspace == workspace else None

    @override
    async def asked(self, workspace: str, delivery_id: UUID) -> Asked | None:
        if self.away:
            raise TransientError("database_unavailable")
        found = self.askings.get(delivery_id)
        return found if found and found.delivery.workspace == workspace else None


@dataclass(slots=True)
class FakeRulebook(Rulebook):
    """One workspace, one version of one playbook."""

    known: Rules = RULES
    version: str = "v1"
    files: Mapping[str, str] = field(default_factory=lambda: FILES)

    @override
    def rules(self, workspace: str) -> Rules | None:
        return self.known if workspace == self.known.workspace else None

    @override
    def templates(self, playbook: str, version: str) -> Templates | None:
        return read_templates(self.files) if version == self.version else None
