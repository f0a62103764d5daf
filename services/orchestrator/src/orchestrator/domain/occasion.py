"""What happened to one profile, in the words of journeys."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from uuid import UUID

import msgspec

from common.contracts.decisions import ShelfChange
from common.contracts.profiles import ActivityRecorded
from common.customer import Customer
from orchestrator.domain.watching import Change, changes


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of something that a passage asked for."""

    decision_id: UUID
    status: str
    """`sent`, `skipped`, …"""
    receipt: str = ""


@dataclass(frozen=True, slots=True)
class Revocation:
    """What somebody ends of what is under way."""

    playbook: str
    enrollment_id: UUID | None
    """None: every passage in it."""


@dataclass(frozen=True, slots=True)
class Shelf:
    """What happened to a product, and when the customer looked at it last."""

    change: ShelfChange
    product_id: str
    version: int
    fell_by: float
    """Per cent that the price fell."""
    viewed_at: datetime | None
    """None: never, or they have heard of this already."""


class Occasion(msgspec.Struct, frozen=True, dict=True):
    """A signal in the words of journeys: who, when, and what happened."""

    profile_id: UUID
    customer: Customer
    """The view after the signal."""
    now: datetime
    cause: UUID
    before: tuple[Customer, ...] = ()
    """The view before the signal; of two customers who turn out to be one, both."""
    activity: ActivityRecorded | None = None
    timer: str | None = None
    """The name of the timer that fired."""
    due_at: datetime | None = None
    """Its instant."""
    answer: Answer | None = None
    enrolls: str | None = None
    """The playbook that the profile shall enter; `activity` is what it is told of that."""
    revokes: Revocation | None = None
    shelf: Shelf | None = None
    woken: bool = False
    """Nothing happened but a publication; `now` is the time on the wall."""
    history: bool = False
    """It shapes the view and triggers nothing."""

    @cached_property
    def changed(self) -> Sequence[Change]:
        """What of the customer is not as it was."""
        return changes(self.before, self.customer)

    @cached_property
    def happened_at(self) -> datetime:
        """When the person did it: journeys go by this, whatever the order in which activities arrive."""
        if self.activity is None:
            return self.now
        # A client's clock that runs ahead does not make it later than it was received.
        return min(self.activity.occurred_at, self.activity.received_at)

    @cached_property
    def roots(self) -> Mapping[str, object]:
        """What conditions may name; without an activity, whatever they ask of `event` is false."""
        return {"customer": self.customer, "event": self.activity, "now": self.now}
