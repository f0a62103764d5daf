"""A sender of few words: it mails whoever consents, once, and tells of it as the real one does."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec

from common.clock import Clock
from common.consuming import Consequence
from common.jobs import Desk, Job, Owned
from dispatcher.domain.delivery import Delivery, State
from dispatcher.domain.recipient import EMAIL
from dispatcher.domain.statuses import status_of
from tests.fault.history.mails import Mail
from tests.fault.history.model import DeliveryRow
from tests.fault.recording.books import MemoryDocketBook

STATUS = "delivery.status"
_WAITING: Final[tuple[State, datetime | None]] = ("planned", None)


@dataclass(slots=True)
class PlainSender:
    """Works on what the dispatcher's consumer has planned."""

    book: MemoryDocketBook
    clock: Clock
    mails: list[Mail] = field(default_factory=list)
    done: dict[UUID, tuple[State, datetime | None]] = field(default_factory=dict)
    withdrawn: set[str] = field(default_factory=set)
    """Addresses that nobody writes to any more."""

    @property
    def job(self) -> Job:
        return Job("dispatcher.send", "action.requests", self._step, _welcome)

    @property
    def open(self) -> int:
        """Deliveries that wait."""
        return len(self.book.planned.keys() - self.done.keys())

    def rows(self) -> list[DeliveryRow]:
        """As they stand in the table."""
        return [self._row(delivery) for delivery in self.book.planned.values()]

    def _row(self, delivery: Delivery) -> DeliveryRow:
        state, claimed_at = self.done.get(delivery.id, _WAITING)
        return DeliveryRow(
            delivery.id,
            delivery.partition,
            delivery.profile_id,
            not delivery.is_transactional,
            msgspec.json.encode(delivery),
            state,
            "",
            delivery.due_at,
            claimed_at,
        )

    async def _step(self, owned: Owned) -> float:
        waiting = [
            delivery
            for delivery in self.book.planned.values()
            if delivery.id not in self.done and delivery.partition in owned.partitions
        ]
        if waiting:
            async with owned.transaction(owned.partitions) as desk:
                for delivery in waiting:
                    self._send(delivery, desk)
        return 0.005

    def _send(self, delivery: Delivery, desk: Desk) -> None:
        now = self.clock()
        address = self._address(delivery)
        state: State = "skipped" if address is None else "sent"
        if address is not None:
            self.mails.append(Mail(delivery.id, address, now))
        claimed_at = None if address is None else now
        self.done[delivery.id] = (state, claimed_at)
        told = status_of(delivery, state, at=now, claimed_at=claimed_at, provider="smtp")
        assert told is not None
        desk.emit(
            delivery.partition,
            Consequence(STATUS, told.payload, str(delivery.profile_id), now, told.id),
            workspace=delivery.workspace,
            cause=delivery.cause,
            correlation=delivery.correlation,
            accepted_at=now,
        )

    def _address(self, delivery: Delivery) -> str | None:
        """Where it may be sent."""
        recipient = self.book.recipients.get(delivery.profile_id)
        while recipient is not None and recipient.merged_into is not None:
            recipient = self.book.recipients.get(recipient.merged_into)
        if recipient is None or recipient.consent(EMAIL, delivery.request.purpose) is None:
            return None
        address = recipient.address(EMAIL)
        return None if address in self.withdrawn else address


async def _welcome(owned: Owned, gained: frozenset[int]) -> None:
    """Nobody was here before."""
