"""How what the runtime itself says is written: who says it, and in which envelope."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from common.contracts import Payload, encode_event, event_bytes

ALL_WORKSPACES = "*"
"""The workspace of records that belong to no single one: journal, progress, ticks."""


def origin_of(loop: str, partition: int, incarnation: str) -> str:
    return f"{loop}/{partition}/{incarnation}"


def own_event(loop: str, payload: Payload, *, identity: UUID, subject: str, at: datetime) -> bytes:
    """A record that the runtime itself has to say, in its envelope."""
    return event_bytes(
        encode_event(
            payload,
            id=identity,
            source="/cuestream/" + loop.replace(".", "/"),
            subject=subject,
            time=at,
            workspace=ALL_WORKSPACES,
            correlationid=identity,
        )
    )
