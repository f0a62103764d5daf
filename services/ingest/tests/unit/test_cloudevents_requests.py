"""CloudEvents over HTTP in all three modes, from their SDK as it is and by hand for each rule of the binding."""

from __future__ import annotations

import gzip
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from cloudevents.core.bindings import http
from cloudevents.core.v1.event import CloudEvent
from hypothesis import given
from hypothesis import strategies as st

from common.ids import accepted_event_id
from services.ingest.tests.binding import (
    ADDRESS,
    ATTRIBUTES,
    BATCH,
    STRUCTURED,
    event,
    refused,
    stored,
)
from services.ingest.tests.edge import BROWSER_KEY, ORIGIN, SERVER_KEY, SMALL_KEY, Edge


def from_sdk(**more: Any) -> CloudEvent:
    when = datetime(2026, 3, 1, 11, 59, tzinfo=UTC)
    return CloudEvent({**ATTRIBUTES, "time": when, **more}, {"product_id": "p1"})


async def test_what_the_sdk_sends_in_either_mode_is_the_same_event() -> None:
    sent = from_sdk(subject="Zoë 100% 😀", anonymousid="a1")
    binary, structured = http.to_binary_event(sent), http.to_structured_event(sent)
    one, by_headers = await stored(binary.body, dict(binary.headers))
    other, by_body = await stored(structured.body, dict(structured.headers))

    assert by_headers.pop("datacontenttype", "application/json") == "application/json"
    assert by_headers == {**by_body, "time": by_headers["time"]}
    assert by_headers["subject"] == "Zoë 100% 😀"
    assert one.protocol == other.protocol == "cloudevents"
    assert one.message_id == other.message_id == "/shop 1"


@given(st.text(st.characters(codec="utf-8", exclude_categories=["C"]), min_size=1))
async def test_any_text_of_the_sdk_survives_its_headers(subject: str) -> None:
    sent = http.to_binary_event(from_sdk(subject=subject))

    assert (await stored(sent.body, dict(sent.headers)))[1]["subject"] == subject


async def test_the_sdks_bytes_arrive_as_bytes() -> None:
    sent = http.to_structured_event(CloudEvent(dict(ATTRIBUTES), b"\x00\xff"))

    assert (await stored(sent.body, dict(sent.headers)))[1]["data_base64"] == "AP8="


async def test_a_structured_event_is_stored_verbatim_under_its_source_and_id() -> None:
    edge = Edge()
    body = b'{ "specversion":"1.0","id":"1", "source":"/shop","type":"X","subject":"u1" }'
    reply = await edge.post(ADDRESS, b"\n" + body, headers=STRUCTURED)

    assert reply.json == {"success": True, "accepted": 1, "rejected": []}
    ((record, payload),) = edge.stored
    assert record.id == accepted_event_id("demo", "shop", "/shop 1")
    assert (record.subject, bytes(payload.body)) == ("u1", body)


@pytest.mark.parametrize(
    "content_type",
    [
        "application/cloudevents+json",
        "Application/CloudEvents+JSON;charset=utf-8",
        "application/cloudevents",
    ],
)
async def test_the_content_type_tells_the_structured_mode(content_type: str) -> None:
    assert (await stored(event(), {"content-type": content_type}))[1] == ATTRIBUTES


async def test_headers_beside_a_structured_event_do_not_count() -> None:
    assert (await stored(event(), {**STRUCTURED, "ce-id": "2"}))[1]["id"] == "1"


@pytest.mark.parametrize(
    "content_type", ["application/cloudevents+avro", "application/cloudevents-batch+protobuf"]
)
async def test_other_formats_are_not_known(content_type: str) -> None:
    reply = await refused(b"x", {"content-type": content_type})

    assert (reply.status, reply.json["error"]) == (415, "unknown_format")


@pytest.mark.parametrize("packed", [True, False])
async def test_a_batch_keeps_the_good_ones_and_names_the_others(packed: bool) -> None:
    edge = Edge()
    sent = [event(), event(id="2", subject=None), event(id="3", specversion="0.3"), 7]
    body = json.dumps(sent).encode()
    reply = await edge.post(ADDRESS, gzip.compress(body) if packed else body, headers=BATCH)

    assert (reply.status, reply.json["accepted"]) == (200, 1)
    assert [(r["index"], r["messageId"], r["reason"]) for r in reply.json["rejected"]] == [
        (1, "/shop 2", "no_identity"),
        (2, "/shop 3", "unknown_specversion"),
        (3, None, "invalid_attribute"),
    ]
    assert edge.set_aside == ["no_identity", "unknown_specversion", "invalid_attribute"]


async def test_a_number_that_is_none_costs_its_own_event_only() -> None:
    edge = Edge()
    bad = json.dumps(event(id="2", data={"price": float("nan")}))
    reply = await edge.post(ADDRESS, f"[{json.dumps(event())},{bad}]".encode(), headers=BATCH)

    assert reply.json["accepted"] == 1
    assert reply.json["rejected"][0]["messageId"] == "/shop 2"


async def test_an_empty_batch_is_good() -> None:
    assert (await Edge().post(ADDRESS, [], headers=BATCH)).json["accepted"] == 0


@pytest.mark.parametrize(
    ("change", "reason", "detail"),
    [
        ({"specversion": None}, "invalid_attribute", "specversion is missing"),
        ({"id": None}, "invalid_attribute", "id is missing"),
        ({"source": None}, "invalid_attribute", "source is missing"),
        ({"type": None}, "invalid_attribute", "type is missing"),
        ({"id": 5}, "invalid_attribute", "id must be a text"),
        ({"type": ""}, "invalid_attribute", "type must be a text that is not empty"),
        ({"source": "my shop"}, "invalid_attribute", "URI reference"),
        ({"specversion": "0.3"}, "unknown_specversion", "1.0"),
        ({"specversion": "1"}, "unknown_specversion", "1.0"),
        ({"subject": ["u1"]}, "invalid_attribute", "subject"),
        ({"time": "yesterday"}, "invalid_attribute", "RFC 3339"),
        ({"time": "2026-03-01T12:00:00"}, "invalid_attribute", "RFC 3339"),
        ({"time": 1772366400}, "invalid_attribute", "RFC 3339"),
        ({"subject": None}, "no_identity", "subject"),
        ({"subject": ""}, "no_identity", "subject"),
        ({"data": {}, "data_base64": "e30="}, "invalid_data", "both"),
        ({"data_base64": "e30"}, "invalid_data", "base64"),
        ({"data_base64": "é"}, "invalid_data", "base64"),
        ({"data_base64": 5}, "invalid_data", "base64"),
        ({"data": "\0"}, "nul_character", "U+0000"),
        ({"data": {"x": "y" * 40_000}}, "event_too_large", "32768"),
    ],
)
async def test_what_is_wrong_with_an_event_is_said(
    change: dict[str, Any], reason: str, detail: str
) -> None:
    reply = await refused(event(**change), STRUCTURED)

    assert reply.status == 400
    assert reply.json["error"] == reply.json["reason"] == reason
    assert detail in reply.json["detail"]


@pytest.mark.parametrize(
    "change",
    [
        {"subject": None, "userid": "u1"},
        {"subject": None, "userid": 7},
        {"subject": None, "anonymousid": "a1"},
        {"time": "2026-03-01t12:00:00.123456789z"},
        {"time": "2016-12-31T23:59:60Z"},
        {"time": None, "dataschema": None, "datacontenttype": None},
        {"data": None},
        {"data": "a text"},
        {"traceparent": "00-1-2-01", "sampledrate": 5, "Odd_Name": True},
    ],
)
async def test_what_is_unusual_is_taken(change: dict[str, Any]) -> None:
    assert (await stored(event(**change), STRUCTURED))[1] == event(**change)


@pytest.mark.parametrize("headers", [STRUCTURED, BATCH])
@pytest.mark.parametrize("body", [b"", b"{", b"nothing", b'"x"', b"[1", b"\xff"])
async def test_a_body_that_holds_no_event_is_refused(body: bytes, headers: dict[str, str]) -> None:
    reply = await refused(body, headers)

    assert (reply.status, reply.json["error"]) == (400, "invalid_event")


async def test_the_key_is_needed_in_the_header_and_before_the_body_is_read() -> None:
    reply = await Edge().post(ADDRESS, event(writeKey=SERVER_KEY), key=None, headers=STRUCTURED)

    assert (reply.status, reply.json["error"]) == (401, "unknown_key")


async def test_a_browser_key_counts_on_its_pages_only() -> None:
    edge = Edge()
    here = await edge.post(
        ADDRESS, event(), key=BROWSER_KEY, headers={**STRUCTURED, "origin": ORIGIN}
    )
    elsewhere = await edge.post(ADDRESS, event(), key=BROWSER_KEY, headers=STRUCTURED)

    assert (here.status, elsewhere.status) == (200, 401)


async def test_the_limits_of_the_source_hold() -> None:
    edge = Edge()
    large = await edge.post(ADDRESS, event(data="x" * 3000), key=SMALL_KEY, headers=STRUCTURED)
    many = [event(id=str(number)) for number in range(501)]
    await edge.post(ADDRESS, many, headers=BATCH)
    fast = await edge.post(ADDRESS, event(), headers=STRUCTURED)

    assert large.status == 413
    assert (fast.status, fast.json["error"]) == (429, "too_fast")
    assert int(fast.headers["retry-after"]) >= 1


async def test_only_post_brings_events() -> None:
    assert (await Edge().request("GET", ADDRESS)).status == 405
