"""What the ingest edge accepts and how far resolve has come."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

import msgspec

from common.contracts.payload import Payload

EDGE = "/cuestream/ingest/api"
"""The source of what our own edge appends; foreign producers name another."""


class EventAccepted(Payload, frozen=True, kw_only=True):
    """A source's message as it was received; the body is verbatim."""

    TYPE: ClassVar[str] = "event.accepted.v1"
    TOPICS: ClassVar[tuple[str, ...]] = ("ingest.events",)

    protocol: str
    """`segment`, `cloudevents` or `webhook`, later `import`."""
    received_at: datetime
    source: str
    """The source's name in the workspace."""
    body: msgspec.Raw
    sent_at: datetime | None = None
    """The client's clock when it sent the batch; with it a wrong client clock is corrected."""
    call: str = ""
    """What the address said the message is (`track`, …), or `<kind>/<topic>` of a webhook; empty: the body says it."""
    message_id: str = ""
    """Made at the edge where the client gave none; empty: the body says it."""


class IngestTicked(Payload, frozen=True, kw_only=True):
    """Nothing came for a while on this raw partition; its append time moves the virtual time."""

    TYPE: ClassVar[str] = "ingest.ticked.v1"
    TOPICS: ClassVar[tuple[str, ...]] = ("ingest.events",)

    partition: int


class IngestProgressed(Payload, frozen=True, kw_only=True):
    """What the raw partition held before `until` led to nothing in profile.activity beyond `sequences`."""

    TYPE: ClassVar[str] = "ingest.progressed.v1"
    TOPICS: ClassVar[tuple[str, ...]] = ("ingest.progress",)

    partition: int
    until: datetime
    """Highest append time folded."""
    origin: str
    sequences: tuple[int, ...]
    """Per partition of profile.activity, the last sequence number drawn for it; 0 = none."""
