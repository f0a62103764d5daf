"""What a worker answers before it can take anything in."""

from __future__ import annotations

import asyncio

from ingest.api.app import Gate
from services.ingest.tests.edge import Edge, track


async def test_a_request_waits_for_a_worker_that_is_about_to_be_ready() -> None:
    edge = Edge()
    whole, edge.app = edge.app, (gate := Gate(patience=30))
    posting = asyncio.create_task(edge.post("/v1/track", track()))
    health = await edge.request("GET", "/readyz")
    assert not posting.done()

    gate.open(whole)

    assert health.status == 503
    assert (await posting).status == 200


async def test_a_request_does_not_wait_for_ever() -> None:
    edge = Edge()
    edge.app = Gate(patience=0.01)

    reply = await edge.post("/v1/track", track())

    assert (reply.status, reply.headers["retry-after"]) == (503, "2")
    assert (await edge.request("GET", "/livez")).status == 200
