"""Reads an accepted event by the protocol in which it came."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from common.contracts.ingestion import EventAccepted
from common.errors import PermanentError
from ingest.domain import cloudevents, segment, webhooks
from ingest.domain.segment import Call

PROTOCOLS: Mapping[str, Callable[[EventAccepted], tuple[Call, ...]]] = {
    "segment": lambda payload: (segment.read(payload),),
    segment.IMPORTED: lambda payload: (segment.read(payload),),
    "cloudevents": lambda payload: (cloudevents.read(payload),),
    "webhook": webhooks.read,
}


def read(payload: EventAccepted) -> tuple[Call, ...]:
    """What the message says, whoever said it: at least one call, all of one person, and one of them at most an activity.

    Raises:
        PermanentError: `unknown_protocol`, `undecodable`, or what the protocol finds wrong with it.
    """
    reader = PROTOCOLS.get(payload.protocol)
    if reader is None:
        raise PermanentError("unknown_protocol", f"known are {', '.join(PROTOCOLS)}")
    if payload.received_at.tzinfo is None:
        raise PermanentError("undecodable", "received_at has no zone")
    return reader(payload)
