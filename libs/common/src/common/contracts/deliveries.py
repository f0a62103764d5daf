"""What became of a delivery; the statuses form a lattice, so order and repetition do not matter."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from common.contracts.actions import Kind
from common.contracts.payload import Money, Payload


class DeliveryStatus(Payload, frozen=True, kw_only=True):
    """What all statuses of a delivery share."""

    TOPICS: ClassVar[tuple[str, ...]] = ("delivery.status",)

    delivery_id: UUID
    decision_id: UUID
    enrollment_id: UUID
    playbook: str
    version: str
    kind: Kind = "message"
    message: str
    channel: str
    purpose: str
    reason: str = ""
    """A stable code for skipped, held, failed and unknown; empty otherwise."""
    at: datetime
    """By the dispatcher's database clock."""
    claimed_at: datetime | None = None
    provider: str = ""
    receipt: str = ""
    """What the provider calls it: a voucher's code, another system's own id."""
    cost: Money | None = None


class DeliverySkipped(DeliveryStatus, frozen=True, kw_only=True):
    """The gate chose not to send."""

    TYPE: ClassVar[str] = "delivery.skipped.v1"


class DeliveryHeld(DeliveryStatus, frozen=True, kw_only=True):
    """Not yet: the gate holds it until something changes or it expires."""

    TYPE: ClassVar[str] = "delivery.held.v1"


class DeliverySent(DeliveryStatus, frozen=True, kw_only=True):
    """The provider accepted it."""

    TYPE: ClassVar[str] = "delivery.sent.v1"


class DeliveryDelivered(DeliveryStatus, frozen=True, kw_only=True):
    """The provider reports that the recipient's side took it."""

    TYPE: ClassVar[str] = "delivery.delivered.v1"


class DeliveryOpened(DeliveryStatus, frozen=True, kw_only=True):
    """It was opened."""

    TYPE: ClassVar[str] = "delivery.opened.v1"


class DeliveryClicked(DeliveryStatus, frozen=True, kw_only=True):
    """A link in it was followed."""

    TYPE: ClassVar[str] = "delivery.clicked.v1"


class DeliveryBounced(DeliveryStatus, frozen=True, kw_only=True):
    """The recipient's side sent it back."""

    TYPE: ClassVar[str] = "delivery.bounced.v1"


class DeliveryComplained(DeliveryStatus, frozen=True, kw_only=True):
    """The recipient reported it as unwanted."""

    TYPE: ClassVar[str] = "delivery.complained.v1"


class DeliveryFailed(DeliveryStatus, frozen=True, kw_only=True):
    """The provider refused it for good."""

    TYPE: ClassVar[str] = "delivery.failed.v1"


class DeliveryUnknown(DeliveryStatus, frozen=True, kw_only=True):
    """It may or may not have been taken; it is not sent again."""

    TYPE: ClassVar[str] = "delivery.unknown.v1"
