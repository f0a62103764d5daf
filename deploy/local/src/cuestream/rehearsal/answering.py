"""What the dispatcher would say of an errand, such as a call: as the test has it, or that nobody is set up for it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from common.contracts.actions import ActionRequested
from common.contracts.deliveries import (
    DeliveryFailed,
    DeliverySent,
    DeliverySkipped,
    DeliveryStatus,
    DeliveryUnknown,
)

STATUSES: Final[Mapping[str, type[DeliveryStatus]]] = {
    "sent": DeliverySent,
    "skipped": DeliverySkipped,
    "failed": DeliveryFailed,
    "unknown": DeliveryUnknown,
}
NONE: Final = "none"
"""Nobody answers."""
_REASONS: Final = {
    DeliverySkipped: "no_adapter",
    DeliveryFailed: "refused",
    DeliveryUnknown: "no_answer",
}


def answer_to(asked: ActionRequested, kind: type[DeliveryStatus], at: datetime) -> DeliveryStatus:
    """The status that the dispatcher would publish."""
    return kind(
        delivery_id=asked.delivery_id,
        decision_id=asked.decision_id,
        enrollment_id=asked.enrollment_id,
        playbook=asked.playbook,
        version=asked.version,
        kind=asked.kind,
        message=asked.message,
        channel=asked.channel,
        purpose=asked.purpose,
        reason=_REASONS.get(kind, ""),
        at=at,
        receipt=f"{asked.kind.upper()}-1" if kind is DeliverySent else "",
    )
