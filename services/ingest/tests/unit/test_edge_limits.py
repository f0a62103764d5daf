"""Requests that are too much: too large, too fast, or more than can be stored now."""

from __future__ import annotations

import gzip

import pytest

from common.errors import TransientError
from services.ingest.tests.edge import (
    SERVER_KEY,
    SMALL_KEY,
    Edge,
    basic,
    track,
)


@pytest.mark.parametrize("body", [b" " * (4 * 1024 * 1024 + 1), gzip.compress(b"0" * 50_000_000)])
async def test_a_body_too_large_is_a_413_packed_or_not(body: bytes) -> None:
    reply = await Edge().post("/v1/batch", body)

    assert (reply.status, reply.json["error"]) == (413, "body_too_large")


async def test_what_is_announced_as_too_large_is_not_waited_for() -> None:
    reply = await Edge().speak(
        "POST", "/v1/t", [], {"authorization": basic(SERVER_KEY), "content-length": "5000000"}
    )

    assert reply.status == 413


async def test_each_source_has_its_own_limit_wherever_its_key_stands() -> None:
    edge = Edge()
    large = {"batch": [track(properties={"name": "x" * 3000})], "writeKey": SMALL_KEY}

    assert (await edge.post("/v1/batch", large, key=SMALL_KEY)).status == 413
    assert (await edge.post("/v1/batch", large, key=None)).status == 413


async def test_too_many_messages_are_a_413() -> None:
    assert (await Edge().post("/v1/batch", {"batch": [0] * 20_001})).status == 413


async def test_too_fast_is_a_429_that_says_when_to_come_back() -> None:
    edge = Edge()
    assert (await edge.post("/v1/batch", {"batch": [track()] * 500})).status == 200
    reply = await edge.post("/v1/batch", {"batch": [track()] * 150})

    assert (reply.status, reply.json["error"]) == (429, "too_fast")
    assert reply.headers["retry-after"] == "2"
    edge.seconds += 2
    assert (await edge.post("/v1/batch", {"batch": [track()] * 150})).status == 200


async def test_one_source_does_not_slow_another() -> None:
    edge = Edge()
    await edge.post("/v1/batch", {"batch": [track()] * 500})

    assert (await edge.post("/v1/track", track())).status == 429
    assert (await edge.post("/v1/track", track(), key=SMALL_KEY)).status == 200


async def test_several_processes_share_a_limit() -> None:
    edge = Edge(shares=2)
    await edge.post("/v1/batch", {"batch": [track()] * 250})

    assert (await edge.post("/v1/track", track())).status == 429


@pytest.mark.parametrize("reason", ["kafka_unavailable", "queue_full"])
async def test_what_cannot_be_stored_is_a_503(reason: str) -> None:
    edge = Edge()
    edge.events.failure = TransientError(reason)
    reply = await edge.post("/v1/track", track())

    assert (reply.status, reply.json["error"]) == (503, reason)
    assert int(reply.headers["retry-after"]) >= 1


async def test_a_rejection_that_cannot_be_stored_is_a_503_too() -> None:
    edge = Edge()
    edge.quarantine.failure = TransientError("kafka_unavailable")

    assert (await edge.post("/v1/batch", {"batch": [{}]})).status == 503
