"""What people tell a shop, as records."""

from __future__ import annotations

from datetime import datetime

from common.consuming import Record
from services.ingest.tests.making import (
    NOW,
    accepted,
)


def tracked(
    message_id: str, offset: int = 0, partition: int = 0, workspace: str = "demo", **ids: str
) -> Record:
    return accepted(
        {"type": "track", "event": "Looked", **ids},
        message_id=message_id,
        offset=offset,
        partition=partition,
        workspace=workspace,
    )


def identified(
    message_id: str, user: str, traits: dict[str, object], at: datetime = NOW, **ids: str
) -> Record:
    body = {"type": "identify", "userId": user, "traits": traits, **ids}
    return accepted(body, message_id=message_id, received_at=at)
