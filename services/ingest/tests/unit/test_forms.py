"""A record that is filled into its source's form is the one that the contract would encode."""

from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest

from common.configuration.workspace import Source
from common.contracts import encode_event, event_bytes
from common.contracts.ingestion import EDGE, EventAccepted
from common.ids import accepted_event_id
from ingest.api.keys import Sender
from ingest.api.records import Reception
from ingest.domain.collecting import Message
from ingest.domain.moments import parse_instant
from services.ingest.tests.making import NOW

MESSAGES = [
    Message(b'{"userId":"u"}', "track", "m1", "u"),
    Message(b'{"a": "%s %(id)b \\u0000body"}', "", "100 % \\ \"", "Zoë\n😀%d"),
    Message(b"{}", "identify", "m", "u", sent_at="2026-01-01T00:00:00.123456+02:00"),
    Message(b"{}", "identify", "m", "u", sent_at={"no": "instant"}),
]  # fmt: skip


@pytest.mark.parametrize("message", MESSAGES)
@pytest.mark.parametrize("batch_sent", [None, NOW - timedelta(seconds=3)])
@pytest.mark.parametrize(("workspace", "source"), [("demo", "shop"), ("100%", "%s")])
def test_a_filled_form_is_what_the_contract_encodes(
    message: Message, batch_sent: object, workspace: str, source: str
) -> None:
    sender = Sender(workspace, source, Source(kind="server", key_sha256="0" * 64))
    sent_at = batch_sent or parse_instant(message.sent_at)
    event_id = accepted_event_id(workspace, source, message.message_id or "")
    payload = EventAccepted(
        protocol="segment",
        received_at=NOW,
        source=source,
        body=msgspec.Raw(message.raw),
        sent_at=sent_at,  # type: ignore[arg-type] # parametrize gives objects
        call=message.call,
        message_id=message.message_id or "",
    )
    event = encode_event(
        payload,
        id=event_id,
        source=EDGE,
        subject=message.identity,
        time=NOW,
        workspace=workspace,
        correlationid=event_id,
    )

    record = Reception(sender, NOW, batch_sent, b"00-trace").accepted(message)  # type: ignore[arg-type] # as above

    assert record.value == event_bytes(event)
    assert record.key == message.identity.encode()
