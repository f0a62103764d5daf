"""Fakes of the dispatcher's ports; each passes the contract suite of its port."""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass, field
from uuid import UUID

from typing_extensions import override

from common.errors import TransientError
from dispatcher.ports import Accepted, Email, EmailProvider, OutcomeUnknown, Refused


@dataclass(slots=True)
class FakeEmailProvider(EmailProvider):
    """Takes every mail, unless told what to do with the next ones."""

    outcomes: deque[Refused | TransientError | OutcomeUnknown] = field(default_factory=deque)
    taken: Counter[UUID] = field(default_factory=Counter)
    mails: list[Email] = field(default_factory=list)
    now: float = 0.0

    @override
    async def send(
        self, email: Email, *, idempotency_key: UUID, start_by: float | None = None
    ) -> Accepted | Refused:
        if start_by is not None and self.now > start_by:
            raise TransientError("too_late")
        outcome = self.outcomes.popleft() if self.outcomes else Accepted("fake")
        if isinstance(outcome, Accepted):
            self.taken[idempotency_key] += 1
            self.mails.append(email)
        if isinstance(outcome, Accepted | Refused):
            return outcome
        raise outcome
