"""What the edge does with requests that are the vendor's, and with those that cannot be taken."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

import pytest

from common.configuration import Configuration, Release, content_of
from common.errors import TransientError
from common.streaming.ports import Outgoing
from ingest.api.keys import senders_of
from services.ingest.tests import payloads
from services.ingest.tests.edge import Edge, MemoryLog, configuration
from services.ingest.tests.making import NOW
from services.ingest.tests.vendors import (
    HUBSPOT,
    NEW,
    SALESFORCE,
    SHOPIFY,
    STANDARD,
    WOOCOMMERCE,
    WORKSPACE,
    Sent,
    as_json,
    hooked,
    topic,
)


async def test_the_body_is_kept_letter_by_letter() -> None:
    edge = hooked()
    body = b'{ "id" : 1 , "email":"a@example.com", "total_price":"1.00"}'
    reply = await SHOPIFY.to(edge, body=body)

    assert reply.json == {"success": True, "accepted": 1, "rejected": []}
    ((event, payload),) = edge.stored
    assert bytes(payload.body) == body
    assert (payload.protocol, payload.call, payload.source) == (
        "webhook",
        "shopify/orders/create",
        "shopify",
    )
    assert (payload.message_id, payload.received_at) == ("orders/create:d1", NOW)
    assert event.subject.startswith("shopify:email:")


async def test_the_greeting_of_woocommerce_is_answered_and_nothing_else() -> None:
    edge = hooked()
    reply = await edge.request("POST", "/v1/hooks/woocommerce", b"webhook_id=12")

    assert reply.status == 200
    assert edge.events.records == []
    assert (await edge.request("POST", "/v1/hooks/shopify", b"webhook_id=12")).status == 401


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("POST", "/v1/hooks/nobody", 404),
        ("POST", "/v1/hooks/", 404),
        ("POST", "/v1/hooks/demo/shopify/more", 404),
        ("POST", "/v1/hooks/other/shopify", 404),
        ("GET", "/v1/hooks/shopify", 405),
        ("POST", "/v1/hooks/demo/shopify", 401),
    ],
)
async def test_only_declared_sources_are_there(method: str, path: str, status: int) -> None:
    assert (await hooked().request(method, path, b"{}")).status == status


async def test_a_source_of_two_workspaces_needs_its_workspace() -> None:
    contents = [
        content_of("workspace", name, {"workspace.yaml": WORKSPACE}) for name in ("demo", "other")
    ]
    releases = {content.name: Release(content.name, 1, (content,)) for content in contents}
    hooks = senders_of(Configuration(releases, {c.key: c for c in contents}), local=False).hooks

    assert ("shopify",) not in hooks
    assert hooks["demo", "shopify"].workspace == "demo"


async def test_without_its_secret_a_source_is_sent_to_again() -> None:
    edge = hooked()
    headers = SHOPIFY.sign(SHOPIFY.body, NEW, NOW, "d1")
    reply = await edge.request("POST", "/v1/hooks/unset", SHOPIFY.body, headers)

    assert (reply.status, reply.json["error"]) == (503, "no_secret")
    assert reply.headers["retry-after"] == "60"


async def test_a_source_that_is_too_fast_is_told_so() -> None:
    edge = hooked()
    body = b'{"id":1,"email":"a@example.com"}'
    headers = SHOPIFY.sign(body, NEW, NOW, "d1")
    replies = [await edge.request("POST", "/v1/hooks/small", body, headers) for _ in range(2)]

    assert [reply.status for reply in replies] == [200, 429]
    assert "retry-after" in replies[1].headers


@dataclass
class SlowLog(MemoryLog):
    """Never comes back."""

    async def append_many(self, records: Sequence[Outgoing]) -> None:  # type: ignore[explicit-override] # as above
        await asyncio.Event().wait()


async def test_a_vendor_is_answered_before_it_gives_up() -> None:
    edge = Edge(
        configuration=configuration(WORKSPACE),
        secrets={"HOOK_NEW": NEW},
        events=SlowLog(),
        patience=0.01,
    )

    assert (await SHOPIFY.to(edge)).status == 503


async def test_when_kafka_is_away_it_is_sent_again() -> None:
    edge = hooked()
    edge.events.failure = TransientError("kafka_unavailable", "away")

    assert (await SHOPIFY.to(edge)).status == 503


@pytest.mark.parametrize(
    ("sent", "body", "reason"),
    [
        (SHOPIFY, b'{"id":1,"total_price":NaN,"email":"a@example.com"}', "not_json_number"),
        (SHOPIFY, b'{"id":1,"email":"a@example.com","note":"\\u0000"}', "nul_character"),
        (SHOPIFY, b'{"id":1,"a":' + b"[" * 40 + b"]" * 40 + b"}", "too_deep"),
        (SHOPIFY, b'{"id":1,"note":"' + b"x" * 300_000 + b'"}', "event_too_large"),
        (SHOPIFY, b'{"total_price":"1"}', "no_identity"),
        (SHOPIFY, b"{}", "undecodable"),
        (STANDARD, b'{"data":{"user_id":"u1"}}', "no_event_name"),
        (SALESFORCE, payloads.salesforce("Event__c", {"Id": "1"}).encode(), "unknown_topic"),
    ],
)
async def test_what_would_never_be_taken_is_set_aside_and_not_asked_for_again(
    sent: Sent, body: bytes, reason: str
) -> None:
    edge = hooked()
    reply = await sent.to(edge, body=body)

    assert reply.status == 200
    assert edge.set_aside == [reason]
    assert edge.events.records == []


@pytest.mark.parametrize("product_id", [None, "x" * 201, {"a": 1}, True])
@pytest.mark.parametrize("change", ["products/update", "products/delete"])
async def test_a_product_without_an_id_that_can_be_kept_is_set_aside(
    product_id: object, change: str
) -> None:
    edge = hooked()
    body = as_json({"id": product_id, "title": "Mug"})
    reply = await SHOPIFY.to(edge, body=body, change=topic("X-Shopify-Topic", change))

    assert (reply.status, edge.set_aside) == (200, ["no_product"])
    assert reply.json["rejected"][0]["messageId"] == f"{change}:d1"
    assert edge.events.records == []


async def test_a_product_with_the_longest_id_is_appended_under_it() -> None:
    edge = hooked()
    body = as_json({"id": "x" * 200, "title": "Mug"})
    await SHOPIFY.to(edge, body=body, change=topic("X-Shopify-Topic", "products/update"))

    assert [record.key for record in edge.events.records] == [b"product:" + b"x" * 200]


async def test_a_topic_that_nobody_knows_is_set_aside() -> None:
    edge = hooked()
    reply = await SHOPIFY.to(edge, change=topic("X-Shopify-Topic", "themes/publish"))

    assert (reply.status, edge.set_aside) == (200, ["unknown_topic"])
    assert reply.json["rejected"][0]["messageId"] == "themes/publish:d1"


async def test_one_bad_event_of_a_batch_costs_none_of_the_others() -> None:
    edge = hooked()
    batch = [payloads.HUBSPOT_BATCH[0], {"subscriptionType": "odd"}, payloads.HUBSPOT_BATCH[1]]
    reply = await HUBSPOT.to(edge, body=as_json(batch))

    assert (reply.json["accepted"], edge.set_aside) == (2, ["unknown_topic"])
    assert reply.json["rejected"][0]["index"] == 1


@pytest.mark.parametrize(
    ("sent", "body"),
    [
        (SHOPIFY, b"no json"),
        (SHOPIFY, b"[]"),
        (HUBSPOT, b"{}"),
        (WOOCOMMERCE, b'{"id":1'),
        (SALESFORCE, b"<a"),
        (SALESFORCE, b"<a/>"),
        (SALESFORCE, b"\xff"),
        (SALESFORCE, b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'),
        (SALESFORCE, SALESFORCE.body.replace(b"<soapenv:Body>", b"<!--<Notification></Notification>--><soapenv:Body>")),
    ],
)  # fmt: skip
async def test_what_cannot_be_parsed_is_refused(sent: Sent, body: bytes) -> None:
    assert (await sent.to(hooked(), body=body)).status == 400
