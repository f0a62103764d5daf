"""Requests as clients send them, and requests that are refused as a whole."""

from __future__ import annotations

import asyncio
import gzip
import json
import zlib
from datetime import UTC, datetime
from typing import Any

import pytest

from common.configuration import Configuration
from common.errors import TransientError
from common.ids import accepted_event_id
from ingest.api.answers import RefusedError
from ingest.api.requests import BodyReader
from services.ingest.tests.edge import (
    BROWSER_KEY,
    LOCAL_KEY,
    ORIGIN,
    SERVER_KEY,
    SMALL_KEY,
    Edge,
    basic,
    track,
)
from services.ingest.tests.making import NOW


async def test_a_message_becomes_a_record_with_its_body_verbatim() -> None:
    edge = Edge()
    body = b'{ "userId": "u1","event":"Product Added" ,"messageId":"m1", "type":"track"}'
    reply = await edge.post("/v1/track", b"\n " + body + b" ")

    assert reply.status == 200
    assert reply.json == {"success": True, "accepted": 1, "rejected": []}
    ((event, payload),) = edge.stored
    assert event.id == event.correlationid == accepted_event_id("demo", "shop", "m1")
    assert (event.type, event.subject, event.workspace) == ("event.accepted.v1", "u1", "demo")
    assert (event.time, payload.received_at) == (NOW, NOW)
    assert (payload.protocol, payload.source, payload.message_id) == ("segment", "shop", "m1")
    assert bytes(payload.body) == body
    (record,) = edge.events.records
    assert record.key == b"u1"
    assert record.headers["content-type"] == b"application/cloudevents+json"


@pytest.mark.parametrize(
    ("path", "call"),
    [
        ("/v1/track", "track"),
        ("/v1/identify", "identify"),
        ("/v1/page", "page"),
        ("/v1/screen", "screen"),
        ("/v1/group", "group"),
        ("/v1/alias", "alias"),
        ("/v1/t", "track"),
        ("/v1/i", "identify"),
        ("/v1/p", "page"),
        ("/v1/s", "screen"),
        ("/v1/g", "group"),
        ("/v1/a", "alias"),
    ],
)
async def test_the_address_says_which_call_it_is(path: str, call: str) -> None:
    edge = Edge()
    await edge.post(path, {"userId": "u1"})

    assert edge.stored[0][1].call == call


@pytest.mark.parametrize("path", ["/v1/batch", "/v1/import", "/v1/b", "/v1/batch/"])
async def test_a_batch_holds_many(path: str) -> None:
    edge = Edge()
    sent = {
        "batch": [track("u1"), {"type": "page", "anonymousId": "a"}],
        "sentAt": "2026-03-01T11:00:00Z",
    }
    reply = await edge.post(path, sent)

    assert reply.json["accepted"] == 2
    assert [payload.call for _, payload in edge.stored] == ["track", "page"]
    assert [event.subject for event, _ in edge.stored] == ["u1", "a"]
    assert {payload.sent_at for _, payload in edge.stored} == {datetime(2026, 3, 1, 11, tzinfo=UTC)}


async def test_an_empty_batch_is_good() -> None:
    assert (await Edge().post("/v1/batch", {"batch": []})).json["accepted"] == 0


async def test_a_message_without_an_id_gets_one() -> None:
    edge = Edge()
    await edge.post("/v1/batch", {"batch": [track(), track()]})

    (first, one), (second, other) = edge.stored
    assert one.message_id
    assert one.message_id != other.message_id
    assert first.id == accepted_event_id("demo", "shop", one.message_id) != second.id


async def test_a_user_comes_before_the_visitor_and_numbers_are_ids_too() -> None:
    edge = Edge()
    await edge.post("/v1/track", {"userId": 42, "anonymousId": "a", "messageId": 7})

    ((event, payload),) = edge.stored
    assert (event.subject, payload.message_id) == ("42", "7")


@pytest.mark.parametrize(
    "headers",
    [
        {"content-type": "application/json"},
        {"content-type": "text/plain"},
        {"content-type": "application/x-www-form-urlencoded"},
        {},
    ],
)
@pytest.mark.parametrize("packed", [True, False])
async def test_the_content_type_is_ignored_and_gzip_is_noticed(
    headers: dict[str, str], *, packed: bool
) -> None:
    body = json.dumps({"batch": [track()]}).encode()
    reply = await Edge().post("/v1/batch", gzip.compress(body) if packed else body, headers=headers)

    assert reply.json["accepted"] == 1


async def test_a_body_may_come_in_many_pieces_and_gzip_in_several_parts() -> None:
    body = json.dumps({"batch": [track()]}).encode()
    packed = gzip.compress(body[:20]) + gzip.compress(body[20:])

    assert (await Edge().post("/v1/batch", packed, chunk=1)).status == 200


async def test_a_byte_order_mark_does_no_harm() -> None:
    assert (
        await Edge().post("/v1/track", b"\xef\xbb\xbf" + json.dumps(track()).encode())
    ).status == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"authorization": basic(SERVER_KEY)},
        {"authorization": f"Bearer {SERVER_KEY}"},
        {"authorization": f"bearer  {SERVER_KEY}"},
    ],
)
async def test_the_key_may_stand_in_the_header(headers: dict[str, str]) -> None:
    assert (await Edge().post("/v1/track", track(), key=None, headers=headers)).status == 200


async def test_the_key_may_stand_in_the_body() -> None:
    edge = Edge()
    batch = await edge.post("/v1/batch", {"batch": [track()], "writeKey": SERVER_KEY}, key=None)
    single = await edge.post("/v1/track", track(writeKey=SERVER_KEY), key=None)

    assert (batch.status, single.status) == (200, 200)


@pytest.mark.parametrize(
    ("key", "headers", "body"),
    [
        ("wrong", {}, {"batch": []}),
        (None, {}, {"batch": []}),
        (None, {}, {"batch": [], "writeKey": "wrong"}),
        (None, {}, {"batch": [], "writeKey": 7}),
        (None, {"authorization": "Basic ???"}, {"batch": []}),
        (None, {"authorization": "Digest x"}, {"batch": []}),
        ("wrong", {}, {"batch": [], "writeKey": SERVER_KEY}),
        (LOCAL_KEY, {}, {"batch": []}),
        (BROWSER_KEY, {}, {"batch": []}),
        (BROWSER_KEY, {"origin": "https://evil.example"}, {"batch": []}),
    ],
)
async def test_a_wrong_key_is_a_401(
    key: str | None, headers: dict[str, str], body: dict[str, object]
) -> None:
    edge = Edge()
    reply = await edge.post("/v1/batch", body, key=key, headers=headers)

    assert reply.status == 401
    assert set(reply.json) == {"error", "detail"}


async def test_well_known_keys_count_on_the_local_stack_only() -> None:
    assert (await Edge(local=True).post("/v1/track", track(), key=LOCAL_KEY)).status == 200


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"hello",
        b'{"batch":',
        b'{"batch":{}}',
        b'{"batch":null}',
        b'{"batch":[{"userId":"u"},]}',
        b'{"batch":[{"userId":"u}]}',
        b'{"batch":[{"userId":"u"]}}',
        b'{"batch":[{"userId":u}]}',
        b'{"batch":[{"userId":"\xff"}]}',
        "{}".encode("utf-16"),
        b"\x1f\x8b" + b"\0" * 20,
        gzip.compress(b'{"batch":[]}')[:-6],
        gzip.compress(b"not json"),
        zlib.compress(b'{"batch":[]}'),
    ],
)
async def test_a_body_that_cannot_be_parsed_is_a_400(body: bytes) -> None:
    edge = Edge()
    reply = await edge.post("/v1/batch", body)

    assert reply.status == 400
    assert set(reply.json) == {"error", "detail"}
    assert edge.set_aside == []


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


@pytest.mark.parametrize("key", [SERVER_KEY, "wrong", None])
async def test_before_the_first_release_nothing_is_called_wrong(key: str | None) -> None:
    edge = Edge(configuration=Configuration())
    reply = await edge.post("/v1/batch", {"batch": []}, key=key)

    assert (reply.status, reply.json["error"]) == (503, "not_configured")
    assert reply.headers["retry-after"]


async def test_a_release_counts_at_once() -> None:
    edge = Edge(configuration=Configuration())
    edge.configuration = Edge().configuration

    assert (await edge.post("/v1/track", track())).status == 200


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/v1/batch", 405),
        ("PUT", "/v1/track", 405),
        ("POST", "/v1/nothing", 404),
        ("POST", "/v1/", 404),
        ("GET", "/v1/projects/x", 404),
        ("POST", f"/v1/projects/{SERVER_KEY}/settings", 405),
        ("GET", "/v1/projects/wrong/settings", 401),
        ("POST", "/v1/m", 200),
    ],
)
async def test_addresses(method: str, path: str, status: int) -> None:
    assert (await Edge().request(method, path, b"{}")).status == status


async def test_a_client_that_leaves_gets_no_answer_and_leaves_nothing() -> None:
    edge = Edge()
    half = {"type": "http.request", "body": b'{"batch":[', "more_body": True}
    reply = await edge.speak("POST", "/v1/batch", [half], {"authorization": basic(SERVER_KEY)})

    assert reply.status == 0
    assert edge.stored == []


@pytest.mark.parametrize("begun", [[], [{"type": "http.request", "body": b"{", "more_body": True}]])
async def test_a_client_that_never_ends_its_body_is_told_so(
    begun: list[dict[str, Any]],
) -> None:
    pieces = iter(begun)

    async def receive() -> Any:
        return next(pieces, None) or await asyncio.Event().wait()

    async with asyncio.timeout(5):
        with pytest.raises(RefusedError, match="too_slow"):
            await BodyReader(patience=0.01).read(receive, 1000)


async def test_a_listed_page_may_send_and_read_the_answer() -> None:
    edge = Edge()
    reply = await edge.post("/v1/t", track(), key=BROWSER_KEY, headers={"origin": ORIGIN})

    assert reply.status == 200
    assert reply.headers["access-control-allow-origin"] == ORIGIN
    assert edge.stored[0][1].source == "site"


async def test_a_listed_page_may_read_refusals_too() -> None:
    reply = await Edge().post("/v1/t", b"{", key=BROWSER_KEY, headers={"origin": ORIGIN})

    assert (reply.status, reply.headers["access-control-allow-origin"]) == (400, ORIGIN)


@pytest.mark.parametrize(("origin", "allowed"), [(ORIGIN, ORIGIN), ("https://evil.example", None)])
async def test_the_preflight_knows_the_listed_origins(origin: str, allowed: str | None) -> None:
    headers = {
        "origin": origin,
        "access-control-request-method": "POST",
        "access-control-request-headers": "authorization,content-type,x-retry-count",
    }
    reply = await Edge().request("OPTIONS", "/v1/t", b"", headers)

    assert reply.status == 204
    assert reply.headers.get("access-control-allow-origin") == allowed
    assert (
        reply.headers["access-control-allow-headers"] == "authorization,content-type,x-retry-count"
    )


async def test_the_browser_sdk_finds_its_settings() -> None:
    reply = await Edge().request(
        "GET", f"/v1/projects/{BROWSER_KEY}/settings", b"", {"origin": ORIGIN}
    )

    assert reply.status == 200
    segment = reply.json["integrations"]["Segment.io"]
    assert (segment["apiHost"], segment["protocol"]) == ("localhost:8080/v1", "http")


async def test_the_openapi_document_lists_the_collector() -> None:
    edge = Edge()
    document = (await edge.request("GET", "/openapi.json")).json

    assert {"/v1/batch", "/v1/t", "/v1/m", "/v1/projects/{key}/settings"} <= set(document["paths"])


async def test_the_page_loads_nothing_from_elsewhere() -> None:
    reply = await Edge().request("GET", "/docs")

    assert reply.headers["content-type"].startswith("text/html")
    assert b"/v1/batch" in reply.body
    assert b"http://" not in reply.body
    assert b"https://" not in reply.body
    assert b"<script" not in reply.body
