"""Whatever is sent, the edge answers with one of its own statuses and never loses what it answered 200 for."""

from __future__ import annotations

import gzip
import json

from hypothesis import given, settings
from hypothesis import strategies as st

from common.contracts import decode_event
from services.ingest.tests.edge import Edge, Reply
from services.ingest.tests.shapes import (
    EXPECTED,
    LITERALS,
    PATHS,
    attributes,
    envelopes,
    events,
    headers,
    messages,
    modes,
    odd,
)


def check(edge: Edge, reply: Reply) -> None:
    assert reply.status in EXPECTED
    if reply.status == 200 and b'"accepted"' in reply.body:
        assert reply.json["accepted"] == len(edge.events.records)
        assert len(reply.json["rejected"]) == len(edge.quarantine.records)
    for record in edge.events.records:
        decode_event(record.value or b"")
    for _, payload in edge.stored:
        json.loads(bytes(payload.body), parse_constant=_refuse)


def _refuse(constant: str) -> None:
    raise AssertionError(f"{constant} got through")


async def send(path: str, body: bytes, extra: dict[str, str] | None = None) -> None:
    edge = Edge()
    check(edge, await edge.post(path, body, headers=extra))


@settings(max_examples=150, deadline=None)
@given(PATHS, st.binary(max_size=200))
async def test_bytes(path: str, body: bytes) -> None:
    await send(path, body)


@settings(max_examples=150, deadline=None)
@given(PATHS, st.lists(st.sampled_from(LITERALS), max_size=12).map("".join))
async def test_pieces_of_json_in_any_order(path: str, text: str) -> None:
    await send(path, text.encode())


@settings(max_examples=150, deadline=None)
@given(PATHS, envelopes | messages, headers, st.booleans())
async def test_values_of_any_shape(
    path: str, value: object, extra: dict[str, str], packed: bool
) -> None:
    body = json.dumps(value).encode()
    await send(path, gzip.compress(body) if packed else body, extra)


@settings(max_examples=150, deadline=None)
@given(modes, events | st.lists(events | odd, max_size=5))
async def test_cloudevents_of_any_shape(mode: str, value: object) -> None:
    await send("/v1/cloudevents", json.dumps(value).encode(), {"content-type": mode})


@settings(max_examples=150, deadline=None)
@given(
    modes,
    st.dictionaries(attributes, st.text(st.characters(max_codepoint=255), max_size=20), max_size=8),
    st.binary(max_size=40) | st.lists(st.sampled_from(LITERALS)).map(lambda t: "".join(t).encode()),
)
async def test_cloudevents_in_headers_of_any_shape(
    mode: str, found: dict[str, str], body: bytes
) -> None:
    good = {"ce-specversion": "1.0", "ce-id": "1", "ce-source": "/s", "ce-type": "t", "ce-userid": "u"}  # fmt: skip
    extra = {f"ce-{name}": text for name, text in found.items()}
    await send("/v1/cloudevents", body, {**good, **extra, "content-type": mode})


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=60), st.integers(0, 80), st.integers(1, 30))
async def test_broken_gzip(noise: bytes, at: int, chunk: int) -> None:
    packed = bytearray(gzip.compress(b'{"batch":[{"userId":"u"}]}'))
    packed[at : at + len(noise)] = noise
    edge = Edge()
    check(edge, await edge.post("/v1/batch", bytes(packed), chunk=chunk))


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(["GET", "OPTIONS", "POST", "DELETE"]), st.text(max_size=30), headers)
async def test_addresses_and_headers(method: str, path: str, extra: dict[str, str]) -> None:
    reply = await Edge().request(method, "/v1/" + path, b"{}", extra)

    assert reply.status in EXPECTED
