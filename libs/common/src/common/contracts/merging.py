"""What travels from a merged profile's partition to that of the profile it has become."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar
from uuid import UUID

import msgspec

from common.contracts.payload import Payload

_TOPICS = ("scoring.handover", "orchestrator.handover")


class ProfileHandedOver(Payload, frozen=True, kw_only=True):
    """The state a service had of a merged profile, after all that was accepted before the merge."""

    TYPE: ClassVar[str] = "profile.handed_over.v1"
    TOPICS: ClassVar[tuple[str, ...]] = _TOPICS

    loser: UUID
    winner: UUID
    version: int
    """The profile version of the merge that it answers."""
    state: msgspec.Raw
    """As the service packs it; `null` when it knew nothing of the loser."""


class RecordForwarded(Payload, frozen=True, kw_only=True):
    """A record that came for a profile after its state had left, on its way to the profile it has become."""

    TYPE: ClassVar[str] = "record.forwarded.v1"
    TOPICS: ClassVar[tuple[str, ...]] = _TOPICS

    topic: str
    """Where it came from."""
    accepted_at: datetime
    """Its own `accepted`, by which it is folded."""
    event: msgspec.Raw
    """The whole CloudEvent, as it was."""
