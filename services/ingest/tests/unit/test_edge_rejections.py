"""One message that cannot be taken is set aside with its reason; the others beside it are kept."""

from __future__ import annotations

import json

import pytest

from common.ids import accepted_event_id
from services.ingest.tests.edge import Edge, track

GOOD = [json.dumps(track("u1", messageId="g1")), json.dumps(track("u2", messageId="g2"))]
TEXT_OF_32_KIB = "x" * 32 * 1024
DEEP = "[" * 40 + "]" * 40
ABYSS = "[" * 20_000 + "]" * 20_000

BAD = [
    ("event_too_large", json.dumps(track(messageId="b", properties={"name": TEXT_OF_32_KIB}))),
    ("not_json_number", '{"userId":"u","messageId":"b","event":"x","properties":{"price":NaN}}'),
    ("not_json_number", '{"userId":"u","messageId":"b","properties":{"price":-Infinity}}'),
    ("not_json_number", '{"userId":"u","messageId":"b","properties":{"price":1e999}}'),
    ("nul_character", '{"userId":"u","messageId":"b","event":"a\\u0000b"}'),
    ("nul_character", '{"userId":"u","messageId":"b","event":"a\0b"}'),
    ("no_identity", '{"event":"x","messageId":"b"}'),
    ("no_identity", '{"event":"x","messageId":"b","userId":"","anonymousId":null}'),
    ("no_identity", '{"event":"x","messageId":"b","userId":{"id":1}}'),
    ("too_deep", f'{{"userId":"u","messageId":"b","properties":{{"a":{DEEP}}}}}'),
    ("too_deep", f'{{"userId":"u","messageId":"b","p":{"[" * 2000}{"]" * 2000}}}'),
    ("event_too_large", f'{{"userId":"u","messageId":"b","p":{ABYSS}}}'),
]


@pytest.mark.parametrize(("reason", "bad"), BAD)
async def test_a_bad_message_in_a_batch_is_reported_and_the_others_are_kept(
    reason: str, bad: str
) -> None:
    edge = Edge()
    body = f'{{"batch":[{GOOD[0]}, {bad} ,{GOOD[1]}]}}'.encode()
    reply = await edge.post("/v1/batch", body)

    assert reply.status == 200
    assert (reply.json["success"], reply.json["accepted"]) == (True, 2)
    (item,) = reply.json["rejected"]
    assert (item["index"], item["messageId"], item["reason"]) == (1, "b", reason)
    assert item["detail"]
    assert [payload.message_id for _, payload in edge.stored] == ["g1", "g2"]
    assert edge.set_aside == [reason]


@pytest.mark.parametrize(("reason", "bad"), BAD)
async def test_a_bad_single_call_is_a_400_with_that_item(reason: str, bad: str) -> None:
    edge = Edge()
    reply = await edge.post("/v1/track", bad.encode())

    assert reply.status == 400
    assert (reply.json["index"], reply.json["messageId"], reply.json["reason"]) == (0, "b", reason)
    assert reply.json["error"] == reason
    assert edge.stored == []
    assert edge.set_aside == [reason]


async def test_a_rejected_message_is_kept_with_what_is_wrong_with_it() -> None:
    edge = Edge()
    await edge.post("/v1/batch", {"batch": [{"messageId": "b", "event": "x"}]})

    (record,) = edge.quarantine.records
    assert json.loads(record.value or b"") == {"messageId": "b", "event": "x"}
    assert record.headers["service"] == b"ingest"
    assert record.headers["detail"] == b"neither userId nor anonymousId is given"
    assert record.headers["origin_topic"] == b"ingest.events"
    event_id = accepted_event_id("demo", "shop", "b")
    assert record.headers["event_id"] == str(event_id).encode()


async def test_of_a_huge_message_the_first_32_kib_are_kept() -> None:
    edge = Edge()
    await edge.post("/v1/batch", {"batch": [track(properties={"name": "ä" * 40_000})]})

    (record,) = edge.quarantine.records
    assert 32_760 < len(record.value or b"") <= 32 * 1024
    (record.value or b"").decode()


async def test_a_message_of_exactly_32_kib_is_taken() -> None:
    edge = Edge()
    shell = len(json.dumps(track(properties={"name": ""})))
    reply = await edge.post("/v1/track", track(properties={"name": "x" * (32 * 1024 - shell)}))

    assert reply.status == 200


async def test_32_levels_are_taken() -> None:
    edge = Edge()
    body = '{"userId":"u","p":' + "[" * 31 + "]" * 31 + "}"

    assert (await edge.post("/v1/track", body.encode())).status == 200


async def test_brackets_within_texts_are_no_depth() -> None:
    edge = Edge()

    assert (await edge.post("/v1/track", track(note="[{" * 500))).status == 200


async def test_words_within_texts_are_no_numbers() -> None:
    edge = Edge()
    body = '{"batch":[{"userId":"u","note":"x: NaN, Infinity"},{"userId":"v","p":NaN}]}'
    reply = await edge.post("/v1/batch", body.encode())

    assert [item["index"] for item in reply.json["rejected"]] == [1]
    assert bytes(edge.stored[0][1].body) == b'{"userId":"u","note":"x: NaN, Infinity"}'


async def test_an_escaped_backslash_before_u0000_is_no_nul() -> None:
    edge = Edge()

    assert (await edge.post("/v1/track", rb'{"userId":"u","event":"a\\u0000"}')).status == 200


async def test_half_an_emoji_is_replaced_and_costs_nothing() -> None:
    edge = Edge()
    body = rb'{"batch":[{"userId":"u\ud83d","event":"a\\ud83d \ud83d\ude00 \ude00"}]}'
    reply = await edge.post("/v1/batch", body)

    assert reply.json["accepted"] == 1
    ((event, payload),) = edge.stored
    assert event.subject == "u\ufffd"
    assert bytes(payload.body) == rb'{"userId":"u\ufffd","event":"a\\ud83d \ud83d\ude00 \ufffd"}'
