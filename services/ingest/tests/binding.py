"""CloudEvents for tests, sent to an edge of their own."""

from __future__ import annotations

import json
from typing import Any

from common.contracts.ingestion import EventAccepted
from services.ingest.tests.edge import Edge, Reply

ADDRESS = "/v1/cloudevents"
STRUCTURED = {"content-type": "application/cloudevents+json; charset=UTF-8"}
BATCH = {"content-type": "application/cloudevents-batch+json"}
ATTRIBUTES = {
    "specversion": "1.0",
    "id": "1",
    "source": "/shop",
    "type": "Product Added",
    "subject": "u1",
}
CE = {f"ce-{name}": value.replace(" ", "%20") for name, value in ATTRIBUTES.items()}


def event(**more: Any) -> dict[str, Any]:
    return {**ATTRIBUTES, **more}


async def stored(
    body: bytes | object, headers: dict[str, str]
) -> tuple[EventAccepted, dict[str, Any]]:
    edge = Edge()
    reply = await edge.post(ADDRESS, body, headers=headers)
    assert reply.status == 200, reply.body
    ((_, payload),) = edge.stored
    return payload, json.loads(bytes(payload.body))


async def refused(body: bytes | object, headers: dict[str, str]) -> Reply:
    edge = Edge()
    reply = await edge.post(ADDRESS, body, headers=headers)
    assert 400 <= reply.status < 500
    assert edge.events.records == []
    return reply
