"""A foreign producer that writes personal data straight onto `ingest.events`, in every field of the record."""

from __future__ import annotations

import json

from confluent_kafka import Producer

from common.ids import derive
from tests.e2e.canary import messages
from tests.e2e.canary.planting import Canaries


def foreign(c: Canaries, servers: str) -> None:
    """What a stranger may write onto `ingest.events` itself: good, unknown, and no record at all."""
    body = {
        **messages.common(c, "track"),
        "event": "Order Completed",
        "properties": messages.properties(c, "foreign"),
    }
    whole = {
        "specversion": "1.0",
        "source": f"/{c.email('foreign.source')}",
        "type": "event.accepted.v1",
        "subject": body["userId"],
        "time": "2026-03-01T12:00:00Z",
        "workspace": "demo",
        "correlationid": "b5e31e2b-6058-5a4e-9ec9-27768e18508c",
        "data": {"protocol": "segment", "received_at": "2026-03-01T12:00:00Z", "source": "shop", "message_id": body["messageId"], "body": body},
    }  # fmt: skip
    data = whole["data"]
    assert isinstance(data, dict)
    wrong = [
        {**whole, "type": c.email("foreign.type")},
        {**whole, "time": c.email("foreign.time")},
        {**whole, "id": c.email("foreign.id")},
        {**whole, "workspace": c.email("foreign.workspace")},
        {**whole, "data": {**data, "protocol": c.email("foreign.protocol")}},
        {**whole, "data": {**data, "protocol": "webhook", "call": c.email("foreign.call")}},
        {
            **whole,
            "data": {**data, "protocol": "webhook", "call": f"shopify/{c.email('foreign.topic')}"},
        },
        {**whole, "data": {**data, "received_at": c.email("foreign.received_at")}},
        {**whole, "data": {**data, "source": c.email("foreign.data.source")}},
        {**whole, "data": {**data, "flaw": c.email("foreign.flaw")}},
        {**whole, "data": {**data, "body": c.email("foreign.body")}},
        {**whole, "data": c.email("foreign.data")},
    ]
    records = [
        json.dumps({"id": str(derive("canary", n)), **value}).encode()
        for n, value in enumerate((whole, *wrong))
    ]
    records += [c.email("no record").encode(), f'{{"id": "{c.email("half a record")}'.encode()]
    producer = Producer({"bootstrap.servers": servers})
    for record in records:
        producer.produce("ingest.events", record, c.email("foreign key").encode())
    assert producer.flush(30) == 0
