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
from common.ids import accepted_event_id
from ingest.api.answers import RefusedError
from ingest.api.requests import BodyReader
from services.ingest.tests.edge import (
    BROWSER_KEY,
    LOCAL_KEY,
    SERVER_KEY,
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
    assert set(reply.json) == {"error", "detail", "code", "message"}


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
    assert set(reply.json) == {"error", "detail", "code", "message"}
    assert edge.set_aside == []


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
