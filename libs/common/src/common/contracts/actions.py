"""What the dispatcher shall do."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar, Literal
from uuid import UUID

import msgspec

from common.contracts.payload import Money, Payload


class CartItem(msgspec.Struct, frozen=True, kw_only=True):
    """A line of a cart as templates see it."""

    product_id: str
    name: str = ""
    quantity: int = 1
    price: Money | None = None
    url: str | None = None
    picture: str | None = None


class Occurrence(msgspec.Struct, frozen=True):
    """The activity that began a passage, as far as its playbook asks for it."""

    name: str
    occurred_at: datetime
    properties: dict[str, Any] = {}


Printable = str | int | float | bool
Kind = Literal["message", "call", "voucher", "audience"]
"""What is asked for: to write to the person, to tell another system, a voucher for them, or a place in an audience."""


class ActionRequested(Payload, frozen=True, kw_only=True):
    """One message to one profile on one channel, or another errand for them; no PII, the dispatcher knows the address."""

    TYPE: ClassVar[str] = "action.requested.v1"
    TOPICS: ClassVar[tuple[str, ...]] = ("action.requests",)

    delivery_id: UUID
    """Idempotency key and Message-ID."""
    decision_id: UUID
    enrollment_id: UUID
    playbook: str
    version: str
    """The playbook's content hash: its templates are found by it."""
    kind: Kind = "message"
    message: str
    """Which one; of another kind, the name of who is told, of the vouchers, or of the audience."""
    channel: str
    purpose: str
    expires_at: datetime
    due_at: datetime | None = None
    triggered_at: datetime | None = None
    """When the newest activity happened that began the passage, or would have; None: nobody noted it."""
    cart: tuple[CartItem, ...] = ()
    trigger: Occurrence | None = None
    """None: it was no activity, or nothing of the playbook asks for it."""
    variables: dict[str, Printable] = msgspec.field(default_factory=dict)
    """What the steps before have set."""
    parameters: dict[str, Printable] = msgspec.field(default_factory=dict)
    """Of the playbook's, those that its templates name."""
    data: dict[str, Printable] = msgspec.field(default_factory=dict)
    """What another system is told; of an audience, the `operation`: `add` or `remove`."""
