"""The status event of each end and each hold of a delivery."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from common.contracts.deliveries import (
    DeliveryFailed,
    DeliveryHeld,
    DeliverySent,
    DeliverySkipped,
    DeliveryStatus,
    DeliveryUnknown,
)
from common.ids import derive
from dispatcher.domain.delivery import Delivery, State

STATUS = "delivery.status"

_STATUSES: Mapping[State, type[DeliveryStatus]] = {
    "held": DeliveryHeld,
    "skipped": DeliverySkipped,
    "sent": DeliverySent,
    "failed": DeliveryFailed,
    "unknown": DeliveryUnknown,
}


@dataclass(frozen=True, slots=True)
class Told:
    """A status and the id that makes it one event however often it is published."""

    id: UUID
    payload: DeliveryStatus


def status_of(
    delivery: Delivery,
    state: State,
    *,
    at: datetime,
    reason: str = "",
    claimed_at: datetime | None = None,
    provider: str = "",
    number: int = 0,
) -> Told | None:
    """The event that tells of a move to that state; None for moves nobody else needs to know.

    `number` counts the delivery's claims and holds, for it may be held twice for one reason.
    """
    kind = _STATUSES.get(state)
    if kind is None:
        return None
    request = delivery.request
    payload = kind(
        delivery_id=request.delivery_id,
        decision_id=request.decision_id,
        enrollment_id=request.enrollment_id,
        playbook=request.playbook,
        version=request.version,
        kind=request.kind,
        message=request.message,
        channel=request.channel,
        purpose=request.purpose,
        reason=reason,
        at=at,
        claimed_at=claimed_at,
        provider=provider,
    )
    return Told(derive("status", request.delivery_id, kind.TYPE, reason, number), payload)
