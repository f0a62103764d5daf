"""What the demo saw from outside: the raw log, journeys, decisions, deliveries, mails, unsubscribes."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from common.contracts.decisions import DecisionMade
from common.contracts.deliveries import DeliveryStatus


@dataclass(frozen=True, slots=True)
class Told:
    """One accepted event of a visitor, as the log has it."""

    user: str
    name: str
    """The track call's event; `identify` for an identify call."""
    happened_at: datetime
    """By the visitor's clock; after an outage the log may hold an order before its cart."""
    appended_at: datetime
    message_id: str
    properties: Mapping[str, Any] = field(default_factory=dict)
    consents: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail in the mailbox."""

    to: str
    message_id: str
    """Without angle brackets; its local part is the delivery id."""
    arrived_at: datetime
    subject: str


@dataclass(slots=True)
class Observed:
    """Everything seen so far; each fact once, however often a topic repeats it."""

    told: dict[str, Told] = field(default_factory=dict)
    """By message id; the first counts, a resent one changes nothing."""
    triggers: dict[UUID, UUID] = field(default_factory=dict)
    """Enrollment → profile."""
    decisions: dict[UUID, DecisionMade] = field(default_factory=dict)
    """The final one of each enrollment's proposal, by decision id."""
    finals: Counter[UUID] = field(default_factory=Counter)
    """Decision id → how many different final outcomes it got; more than one is a broken promise."""
    deliveries: dict[UUID, dict[str, DeliveryStatus]] = field(default_factory=dict)
    """Delivery → status type → status."""
    owners: dict[UUID, UUID] = field(default_factory=dict)
    """Delivery → profile."""
    people: dict[UUID, str] = field(default_factory=dict)
    """Profile → visitor, learned from the message ids of its activities."""
    mails: dict[str, Mail] = field(default_factory=dict)
    """By the mailbox's own id, so that a doubled mail is seen twice."""
    refused: dict[str, datetime] = field(default_factory=dict)
    """User → when the 2xx of the unsubscribe arrived."""
    scores: int = 0
    events: int = 0
    recent: deque[str] = field(default_factory=lambda: deque(maxlen=200))
    """What happened lately, in words."""

    def tell(self, told: Told) -> None:
        self.told.setdefault(told.message_id, told)

    def decide(self, decision: DecisionMade) -> None:
        if decision.outcome == "deferred":
            return
        known = self.decisions.get(decision.decision_id)
        if known is None or known.outcome != decision.outcome:
            self.finals[decision.decision_id] += 1
        self.decisions[decision.decision_id] = decision

    def user_of(self, delivery: UUID) -> str:
        """The visitor that a delivery went to; empty where nothing tells."""
        return self.people.get(self.owners.get(delivery, delivery), "")

    def status(self, kind: str, profile: UUID, status: DeliveryStatus) -> bool:
        """Note a delivery's status; False when it was known."""
        self.owners[status.delivery_id] = profile
        known = self.deliveries.setdefault(status.delivery_id, {})
        if kind in known:
            return False
        known[kind] = status
        return True
