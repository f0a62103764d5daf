"""Reads an accepted event by the protocol in which it came."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from common.contracts.ingestion import EventAccepted
from common.errors import PermanentError
from ingest.domain import cloudevents, segment
from ingest.domain.segment import Call

PROTOCOLS: Mapping[str, Callable[[EventAccepted], Call]] = {
    "segment": segment.read,
    "cloudevents": cloudevents.read,
}


def read(payload: EventAccepted) -> Call:
    """What the message says, whoever said it.

    Raises:
        PermanentError: `unknown_protocol`, `undecodable`, or what the protocol finds wrong with it.
    """
    reader = PROTOCOLS.get(payload.protocol)
    if reader is None:
        raise PermanentError("unknown_protocol", payload.protocol[:100])
    if payload.received_at.tzinfo is None:
        raise PermanentError("undecodable", "received_at has no zone")
    return reader(payload)
