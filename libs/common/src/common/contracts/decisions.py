"""What a journey does and what arbitration rules."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar, Final, Literal
from uuid import UUID

import msgspec

from common.contracts.payload import Money, Payload

ShelfChange = Literal["price_drop", "back_in_stock"]
SHELF_NAMES: Final[Mapping[str, str]] = {
    "price_drop": "Price Dropped",
    "back_in_stock": "Back In Stock",
}
"""As what a journey hears of it."""
Outcome = Literal["chosen", "deferred", "rejected", "expired", "cancelled"]


class EnrollmentEntered(Payload, frozen=True, kw_only=True):
    """A profile entered a journey."""

    TYPE: ClassVar[str] = "enrollment.entered.v1"
    TOPICS: ClassVar[tuple[str, ...]] = ("journey.steps",)

    enrollment_id: UUID
    playbook: str
    version: str
    trigger_id: UUID
    key: str
    """The entry key, such as the cart's id."""


class EnrollmentAdvanced(Payload, frozen=True, kw_only=True):
    """An enrollment reached a step (or its wait began anew)."""

    TYPE: ClassVar[str] = "enrollment.advanced.v1"
    TOPICS: ClassVar[tuple[str, ...]] = ("journey.steps",)

    enrollment_id: UUID
    playbook: str
    version: str
    step: str
    """The step's place and kind, such as `0:wait`."""
    reason: str
    due_at: datetime | None = None


class EnrollmentEmitted(Payload, frozen=True, kw_only=True):
    """A journey told the others what it found out; they hear of it as of an activity of the person."""

    TYPE: ClassVar[str] = "enrollment.emitted.v1"
    TOPICS: ClassVar[tuple[str, ...]] = ("journey.steps",)

    enrollment_id: UUID
    playbook: str
    version: str
    step: str
    """The step's place and kind, such as `3:emit`."""
    event_id: UUID
    """The activity's id."""
    name: str
    """The activity's name."""
    properties: dict[str, Any] = msgspec.field(default_factory=dict)
    heard: bool = True
    """False where journeys had answered each other too often already: then nobody hears of it."""


class EnrollmentMigrated(Payload, frozen=True, kw_only=True):
    """A publication moved an enrollment to another version of its playbook."""

    TYPE: ClassVar[str] = "enrollment.migrated.v1"
    TOPICS: ClassVar[tuple[str, ...]] = ("journey.steps",)

    enrollment_id: UUID
    playbook: str
    version: str
    """On which it goes on."""
    step: str
    """Where it rests there, such as `0:wait`."""
    from_version: str
    from_step: str
    due_at: datetime | None = None


class EnrollmentExited(Payload, frozen=True, kw_only=True):
    """An enrollment ended."""

    TYPE: ClassVar[str] = "enrollment.exited.v1"
    TOPICS: ClassVar[tuple[str, ...]] = ("journey.steps",)

    enrollment_id: UUID
    playbook: str
    version: str
    reason: str
    """`completed`, or what ended it, such as `exit_when: Order Completed`."""


class Gate(msgspec.Struct, frozen=True):
    """One question of the eligibility check and its answer."""

    gate: str
    ok: bool
    reason: str = ""


class Candidate(msgspec.Struct, frozen=True):
    """One message on one channel that was considered."""

    message: str
    channel: str
    gates: tuple[Gate, ...]
    score: float | None = None


class DecisionMade(Payload, frozen=True, kw_only=True):
    """What was ruled on one trigger, with everything that was considered; also "do nothing"."""

    TYPE: ClassVar[str] = "decision.made.v1"
    TOPICS: ClassVar[tuple[str, ...]] = ("decisions",)

    decision_id: UUID
    trigger_id: UUID
    enrollment_id: UUID
    playbook: str
    version: str
    outcome: Outcome
    reason: str
    """A stable code, such as `no_consent` or `exit_when: Order Completed`."""
    candidates: tuple[Candidate, ...] = ()
    due_at: datetime | None = None
    """The instant at which the decision was due, for measuring lateness; of a cancelled one, when it would have been."""


class ProfileWoken(Payload, frozen=True, kw_only=True):
    """A publication concerns passages of this profile; they are looked at now and not only when something happens."""

    TYPE: ClassVar[str] = "profile.woken.v1"
    TOPICS: ClassVar[tuple[str, ...]] = ("orchestrator.commands",)

    release: int
    """Its number."""


class EnrollmentRequested(Payload, frozen=True, kw_only=True):
    """Somebody asks that a profile enters a journey, as if its trigger had matched now; entry decides as ever."""

    TYPE: ClassVar[str] = "enrollment.requested.v1"
    TOPICS: ClassVar[tuple[str, ...]] = ("orchestrator.commands",)

    playbook: str
    name: str
    """What the passage is told as the trigger's name: that of the playbook's `api` trigger, or `Enrolled`."""
    properties: dict[str, Any] = msgspec.field(default_factory=dict)
    requested_by: str = ""


class EnrollmentRevoked(Payload, frozen=True, kw_only=True):
    """Somebody ends what a profile has under way in a journey."""

    TYPE: ClassVar[str] = "enrollment.revoked.v1"
    TOPICS: ClassVar[tuple[str, ...]] = ("orchestrator.commands",)

    playbook: str
    enrollment_id: UUID | None = None
    """None: every passage in it."""
    requested_by: str = ""


class ShelfNoticed(Payload, frozen=True, kw_only=True):
    """A product that the profile looked at costs less, or can be ordered again."""

    TYPE: ClassVar[str] = "shelf.noticed.v1"
    TOPICS: ClassVar[tuple[str, ...]] = ("orchestrator.commands",)

    change: ShelfChange
    product_id: str
    version: int
    """Of the product, as the catalog counts."""
    name: str = ""
    url: str | None = None
    picture: str | None = None
    price: Money | None = None
    before: Money | None = None
    """What it cost."""
