"""What leaves a batch: events on their way to the outbox, and what is set aside."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import msgspec

from common.contracts import encoded
from common.errors import PermanentError
from common.ids import caused_id
from common.streaming.model import Consequence, Signal
from common.streaming.ports import Fetched

LARGEST = 890_000
"""Bytes an event may have. A batch holds 900,000, and the record's key and headers want room in it, too: what is in the
outbox must be publishable, or the process dies of it again and again."""


class Effect(msgspec.Struct, frozen=True):
    """One event on its way to the outbox, with what its record's headers need."""

    partition: int
    """Of the signal: whose owner writes it."""
    topic: str
    key: str
    value: bytes | None
    accepted_at: datetime
    traceparent: str | None
    history: bool = False


@dataclass(frozen=True, slots=True)
class Poison:
    """A record that can never succeed."""

    fetched: Fetched
    reason: str
    detail: str
    history: bool


@dataclass(frozen=True, slots=True)
class Failure:
    """A signal whose fold raised; it goes to the quarantine."""

    signal: Signal
    reason: str
    detail: str


def effects_of(
    consequences: Sequence[Consequence],
    partition: int,
    *,
    now: datetime,
    loop: str,
    workspace: str,
    cause: UUID,
    correlation: UUID,
    traceparent: str | None,
    history: bool = False,
) -> list[Effect]:
    """Wrap consequences in envelopes with derived ids.

    Raises:
        PermanentError: `consequence_too_large`, the broker would never take it.
    """
    source = "/cuestream/" + loop.replace(".", "/")
    ordinals: dict[str, int] = {}
    effects: list[Effect] = []
    for item in consequences:
        value: bytes | None = None
        if item.payload is not None:
            kind = item.payload.TYPE
            ordinal = ordinals.get(kind, 0)
            ordinals[kind] = ordinal + 1
            value = encoded(
                item.payload,
                id=item.id or caused_id(cause, kind, ordinal),
                source=source,
                subject=item.subject,
                time=item.time or now,
                workspace=workspace,
                correlationid=correlation,
                causationid=cause,
            )
            if len(value) > LARGEST:
                raise PermanentError("consequence_too_large", f"{kind} has {len(value)} bytes")
        effects.append(
            Effect(partition, item.topic, item.subject, value, now, traceparent, history)
        )
    return effects
