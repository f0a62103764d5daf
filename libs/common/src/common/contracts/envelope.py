"""The CloudEvents 1.0 envelope that every record's value is (structured JSON mode)."""

from __future__ import annotations

import builtins
from datetime import datetime
from typing import TypeVar
from uuid import UUID

import msgspec

from common.contracts.payload import Payload
from common.errors import PermanentError

P = TypeVar("P", bound=Payload)

CONTENT_TYPE = "application/cloudevents+json"


class Event(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One CloudEvent; `data` stays raw until a fold asks for it by payload type."""

    id: UUID
    source: str
    """Who wrote it, as a URI reference, such as `/cuestream/ingest/api`."""
    type: str
    subject: str
    """The profile id; on `ingest.events` the user or anonymous id."""
    time: datetime
    """When it happened, corrected for the client's skew."""
    workspace: str
    correlationid: UUID
    """The accepted event with which the chain began."""
    causationid: UUID | None = None
    """The record (or timer) that directly led to this one."""
    data: msgspec.Raw = msgspec.Raw(b"{}")
    specversion: str = "1.0"
    datacontenttype: str = "application/json"

    def payload(self, kind: builtins.type[P]) -> P:
        """The data as a payload of that kind.

        Raises:
            PermanentError: `undecodable`, the data do not have the payload's shape.
        """
        try:
            return msgspec.json.decode(self.data, type=kind)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            raise PermanentError("undecodable", f"{self.type}: {error}") from error


class _Wire(msgspec.Struct, frozen=True, kw_only=True):
    specversion: str
    id: UUID
    source: str
    type: str
    subject: str
    time: datetime
    workspace: str
    correlationid: UUID
    causationid: UUID | None
    datacontenttype: str
    data: msgspec.Raw | Payload


_decoder = msgspec.json.Decoder(Event)
_encoder = msgspec.json.Encoder()


def decode_event(value: bytes) -> Event:
    """Read a record's value.

    Raises:
        PermanentError: `undecodable`, it is not a CloudEvent of ours.
    """
    try:
        event = _decoder.decode(value)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise PermanentError("undecodable", str(error)) from error
    if event.time.tzinfo is None:
        raise PermanentError("undecodable", "time has no zone")
    return event


def event_bytes(event: Event) -> bytes:
    """The record's value: all attributes are written, in one order, so that the same event has the same bytes."""
    return _encoder.encode(
        _Wire(
            specversion=event.specversion,
            id=event.id,
            source=event.source,
            type=event.type,
            subject=event.subject,
            time=event.time,
            workspace=event.workspace,
            correlationid=event.correlationid,
            causationid=event.causationid,
            datacontenttype=event.datacontenttype,
            data=event.data,
        )
    )


def encode_event(
    payload: Payload,
    *,
    id: UUID,
    source: str,
    subject: str,
    time: datetime,
    workspace: str,
    correlationid: UUID,
    causationid: UUID | None = None,
) -> Event:
    """Put a payload into its envelope; the payload's class says the type."""
    return Event(
        id=id,
        source=source,
        type=payload.TYPE,
        subject=subject,
        time=time,
        workspace=workspace,
        correlationid=correlationid,
        causationid=causationid,
        data=msgspec.Raw(_encoder.encode(payload)),
    )


def encoded(
    payload: Payload,
    *,
    id: UUID,
    source: str,
    subject: str,
    time: datetime,
    workspace: str,
    correlationid: UUID,
    causationid: UUID | None = None,
) -> bytes:
    """The bytes of `event_bytes(encode_event(…))`, made in one go: what a fold leads to is never looked at again."""
    return _encoder.encode(
        _Wire(
            specversion="1.0",
            id=id,
            source=source,
            type=payload.TYPE,
            subject=subject,
            time=time,
            workspace=workspace,
            correlationid=correlationid,
            causationid=causationid,
            datacontenttype="application/json",
            data=payload,
        )
    )
