"""Messages as the records that the edge appends."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import msgspec

from common.consuming.ports import Outgoing
from common.contracts import encode_event, event_bytes
from common.contracts.envelope import CONTENT_TYPE
from common.contracts.ingestion import EventAccepted
from common.ids import accepted_event_id, fresh
from ingest.api.keys import Sender
from ingest.domain.collecting import Message, Rejected
from ingest.domain.moments import parse_instant

TOPIC = "ingest.events"
SOURCE = "/cuestream/ingest/api"
_KEPT = 32 * 1024
"""Bytes of a rejected message that are kept."""
_DETAIL = 300
_CONTENT = CONTENT_TYPE.encode()


@dataclass(frozen=True, slots=True)
class Reception:
    """What all messages of one request share."""

    sender: Sender
    received_at: datetime
    sent_at: datetime | None
    traceparent: bytes

    def accepted(self, message: Message) -> Outgoing:
        """The message verbatim in its envelope; a resent one gets the same id."""
        message_id = message.message_id or str(fresh())
        event_id = accepted_event_id(self.sender.workspace, self.sender.name, message_id)
        payload = EventAccepted(
            protocol="segment",
            received_at=self.received_at,
            source=self.sender.name,
            body=msgspec.Raw(message.raw),
            sent_at=self.sent_at or parse_instant(message.sent_at),
            call=message.call,
            message_id=message_id,
        )
        event = encode_event(
            payload,
            id=event_id,
            source=SOURCE,
            subject=message.identity,
            time=self.received_at,
            workspace=self.sender.workspace,
            correlationid=event_id,
        )
        headers = {"content-type": _CONTENT, "traceparent": self.traceparent}
        return Outgoing(message.identity.encode(), event_bytes(event), headers)

    def rejected(self, message: Rejected) -> Outgoing:
        """The message as far as it is kept, with what is wrong with it; found again by its event id."""
        message_id = message.message_id or str(fresh())
        event_id = accepted_event_id(self.sender.workspace, self.sender.name, message_id)
        headers = {
            "service": b"ingest",
            "reason": message.reason.encode(),
            "detail": message.detail.encode()[:_DETAIL],
            "workspace": self.sender.workspace.encode(),
            "source": self.sender.name.encode(),
            "event_id": str(event_id).encode(),
            "received_at": self.received_at.isoformat().encode(),
            "origin_topic": TOPIC.encode(),
            "origin_partition": b"-1",
            "origin_offset": b"-1",
        }
        # Cut bytes may end within a character; what is kept is to be looked at as text.
        kept = message.raw[:_KEPT].decode("utf-8", "ignore").encode()
        return Outgoing(str(event_id).encode(), kept, headers)
