"""CloudEvents in the binary mode: attributes in headers, the data as the body."""

from __future__ import annotations

import base64
import gzip

import pytest

from services.ingest.tests.binding import ADDRESS, ATTRIBUTES, CE, event, refused, stored
from services.ingest.tests.edge import Edge

JSON = {"content-type": "application/json"}


@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("u1", "u1"),
        ("Euro%20%E2%82%AC%20%F0%9F%98%80", "Euro € 😀"),
        ("Euro%20%e2%82%ac", "Euro €"),
        ("%41%42", "AB"),
        ("100%", "100%"),
        ("100%25", "100%"),
        ("%2541", "%41"),
        ('"quoted \\"and\\" escaped"', 'quoted "and" escaped'),
        ('"100%25"', "100%"),
        ("a b", "a b"),
        ("  u1  ", "u1"),
        ("a+b", "a+b"),
    ],
)
async def test_header_values_are_unquoted_and_once_percent_decoded(header: str, value: str) -> None:
    assert (await stored(b"{}", {**CE, **JSON, "ce-subject": header}))[1]["subject"] == value


async def test_header_values_that_are_utf8_without_being_encoded_are_read() -> None:
    raw = "Zoë".encode().decode("latin-1")

    assert (await stored(b"{}", {**CE, **JSON, "ce-subject": raw}))[1]["subject"] == "Zoë"


@pytest.mark.parametrize("value", ["%C0%A0", "%FF", "\xff", "%ED%A0%80"])
async def test_header_values_that_are_not_utf8_are_refused(value: str) -> None:
    reply = await refused(b"{}", {**CE, **JSON, "ce-subject": value})

    assert (reply.status, reply.json["error"]) == (400, "invalid_event")
    assert "ce-subject" in reply.json["detail"]


@pytest.mark.parametrize("missing", ["specversion", "id", "source", "type"])
async def test_a_binary_event_needs_its_headers(missing: str) -> None:
    headers = {name: value for name, value in {**CE, **JSON}.items() if name != f"ce-{missing}"}
    edge = Edge()
    reply = await edge.post(ADDRESS, b"{}", headers=headers)

    assert (reply.status, reply.json["detail"]) == (400, f"{missing} is missing")
    assert edge.set_aside == ["invalid_attribute"]


async def test_without_any_header_it_is_no_event() -> None:
    reply = await refused(event(), JSON)

    assert (reply.status, reply.json["error"]) == (400, "invalid_event")


@pytest.mark.parametrize("name", ["ce-data", "ce-data_base64"])
async def test_a_header_cannot_pass_for_the_data(name: str) -> None:
    assert (await refused(b"{}", {**CE, **JSON, name: "{}"})).json["error"] == "invalid_event"


async def test_the_content_type_of_a_binary_event_is_that_of_its_data() -> None:
    headers = {**CE, **JSON, "ce-datacontenttype": "text/plain", "ce-region": "eu"}
    _, body = await stored(b' {"price" : 1.50}', headers)

    assert body == event(datacontenttype="application/json", region="eu", data={"price": 1.5})


@pytest.mark.parametrize(
    ("content_type", "sent", "member", "value"),
    [
        ("application/json; charset=utf-8", b"[1]", "data", [1]),
        ("application/vnd.shop+json", b'"x"', "data", "x"),
        ("application/xml", b"<a>1</a>", "data", "<a>1</a>"),
        ("text/plain", "ä".encode(), "data", "ä"),
        ("text/plain", b"a\0b", "data_base64", base64.b64encode(b"a\0b").decode()),
        ("application/octet-stream", b"\xff\x00", "data_base64", "/wA="),
        ("application/gzip", gzip.compress(b"x", mtime=0), "data_base64", None),
        ("", b'{"a":1}', "data", {"a": 1}),
        ("", b"plain", "data", "plain"),
        ("", b'{"a":"\xff"}', "data_base64", None),
        ("", b'{"\xff":1}', "data_base64", None),
    ],
)
async def test_data_of_any_kind_are_kept(
    content_type: str, sent: bytes, member: str, value: object
) -> None:
    headers = {**CE, "content-type": content_type} if content_type else CE
    _, body = await stored(sent, headers)

    wanted = base64.b64encode(sent).decode() if value is None else value
    assert body[member] == wanted
    assert len({"data", "data_base64"} & body.keys()) == 1


async def test_a_packed_binary_event_is_unpacked_where_its_header_says_so() -> None:
    headers = {**CE, **JSON, "content-encoding": "gzip"}

    assert (await stored(gzip.compress(b'{"a":1}'), headers))[1]["data"] == {"a": 1}


async def test_a_binary_event_may_have_no_data() -> None:
    assert (await stored(b"", CE))[1] == ATTRIBUTES


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (b'{"a":', "invalid_event"),
        (b'{}, "subject": "somebody else"', "invalid_event"),
        (b'{}, "subject": "somebody else", "x": NaN', "not_json_number"),
        (b'{"a": NaN}', "not_json_number"),
        (b'{"a": 1e999}', "not_json_number"),
        (b'{"a": "\\u0000"}', "nul_character"),
        (b"[" * 40 + b"]" * 40, "too_deep"),
        (b"[" * 3000, "too_deep"),
        (b'"' + b"x" * 40_000 + b'"', "event_too_large"),
        (b"\xff", "invalid_event"),
    ],
)
async def test_data_that_are_no_json_are_refused_and_never_pass_for_attributes(
    body: bytes, error: str
) -> None:
    reply = await refused(body, {**CE, **JSON})

    assert (reply.status, reply.json["error"]) == (400, error)
