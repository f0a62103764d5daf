"""Messages as the records that the edge appends."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from uuid import UUID

import msgspec

from common.contracts import encode_event, event_bytes
from common.contracts.envelope import CONTENT_TYPE
from common.contracts.ingestion import EDGE, EventAccepted
from common.ids import accepted_event_ids, fresh
from common.streaming.ports import Outgoing
from ingest.api.keys import Sender
from ingest.domain.collecting import Message, Rejected
from ingest.domain.moments import parse_instant

TOPIC = "ingest.events"
_KEPT = 32 * 1024
"""Bytes of a rejected message that are kept."""
_DETAIL = 300
_CONTENT = CONTENT_TYPE.encode()


_encode = msgspec.json.Encoder().encode
# What stands in a form where each message has its own; no text of ours holds a character 0.
_ID = UUID(int=0x5EED)
_AT, _SENT = datetime(1, 1, 1, tzinfo=UTC), datetime(1, 1, 2, tzinfo=UTC)
_SUBJECT, _BODY, _CALL, _MESSAGE = "\0subject", "\0body", "\0call", "\0message"
_PLACES: tuple[tuple[bytes, object], ...] = (
    (b'"%(id)b"', _ID),
    (b"%(at)b", _AT),
    (b"%(sent)b", _SENT),
    (b"%(subject)b", _SUBJECT),
    (b"%(body)b", _BODY),
    (b"%(call)b", _CALL),
    (b"%(message)b", _MESSAGE),
)


class Form:
    """The records of one source in one protocol, encoded once: of each message only what is its own is filled in."""

    def __init__(
        self,
        workspace: str,
        source: str,
        protocol: str,
        flaw: str = "",
        flaw_detail: str = "",
        planned: tuple[str, ...] = (),
    ) -> None:
        self.id_of = accepted_event_ids(workspace, source)
        payload = EventAccepted(
            protocol=protocol,
            received_at=_AT,
            source=source,
            body=msgspec.Raw(_encode(_BODY)),
            sent_at=_SENT,
            call=_CALL,
            message_id=_MESSAGE,
            flaw=flaw or msgspec.UNSET,
            flaw_detail=flaw_detail or msgspec.UNSET,
            planned=planned or msgspec.UNSET,
        )
        event = encode_event(
            payload,
            id=_ID,
            source=EDGE,
            subject=_SUBJECT,
            time=_AT,
            workspace=workspace,
            correlationid=_ID,
        )
        text = event_bytes(event).replace(b"%", b"%%")
        for place, value in _PLACES:
            text = text.replace(_encode(value), place)
        self._text = text

    def filled(
        self, message: Message, message_id: str, at: bytes, sent_at: datetime | None
    ) -> bytes:
        """The value of a message's record."""
        return self._text % {
            b"id": self.id_of(message_id).encode(),
            b"at": at,
            b"sent": _encode(sent_at),
            b"subject": _encode(message.identity),
            b"body": message.raw,
            b"call": _encode(message.call),
            b"message": _encode(message_id),
        }


form_of = lru_cache(maxsize=1024)(Form)


class Reception:
    """What all messages of one request share."""

    def __init__(
        self,
        sender: Sender,
        received_at: datetime,
        sent_at: datetime | None,
        traceparent: bytes,
        *,
        protocol: str = "segment",
        history: bool = False,
    ) -> None:
        self._sender = sender
        self._received_at = received_at
        self._sent_at = sent_at
        self._at = _encode(received_at)
        self._named = (sender.workspace, sender.name, protocol)
        self._form = form_of(*self._named)
        self._headers = {"content-type": _CONTENT, "traceparent": traceparent}
        if history:
            self._headers["history"] = b"1"

    def accepted(self, message: Message) -> Outgoing:
        """The message verbatim in its envelope; a resent one gets the same id."""
        message_id = message.message_id or str(fresh())
        sent_at = self._sent_at
        if sent_at is None and message.sent_at is not None:
            sent_at = parse_instant(message.sent_at)
        form, verdict = self._form, message.verdict
        if verdict is not None and (verdict.planned or verdict.flagged):
            detail = verdict.detail if verdict.flagged else ""
            form = form_of(*self._named, verdict.flagged, detail, verdict.planned)
        value = form.filled(message, message_id, self._at, sent_at)
        return Outgoing(message.identity.encode(), value, self._headers)

    def rejected(self, message: Rejected) -> Outgoing:
        """The message as far as it is kept, with what is wrong with it; found again by its event id."""
        message_id = message.message_id or str(fresh())
        event_id = self._form.id_of(message_id)
        headers = {
            "service": b"ingest",
            "reason": message.reason.encode(),
            "detail": message.detail.encode()[:_DETAIL],
            "workspace": self._sender.workspace.encode(),
            "source": self._sender.name.encode(),
            "event_id": event_id.encode(),
            "received_at": self._received_at.isoformat().encode(),
            "origin_topic": TOPIC.encode(),
            "origin_partition": b"-1",
            "origin_offset": b"-1",
        }
        # Cut bytes may end within a character; what is kept is to be looked at as text.
        kept = message.raw[:_KEPT].decode("utf-8", "ignore").encode()
        return Outgoing(event_id.encode(), kept, headers)
