"""Activities for the customer's tests."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

from common.contracts.profiles import ActivityRecorded

START = datetime(2026, 3, 1, 12, tzinfo=UTC)


def after(**delay: float) -> datetime:
    return START + timedelta(**delay)


def activity(
    name: str, properties: dict[str, object], *, at: datetime = START, number: int = 1
) -> ActivityRecorded:
    return ActivityRecorded(
        event_id=UUID(int=number),
        name=name,
        source="shop",
        message_id=f"m-{number}",
        occurred_at=at,
        received_at=at,
        profile_version=1,
        properties=properties,
    )
