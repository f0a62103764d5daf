"""What the edge does with requests that are the vendor's, and with those that cannot be taken."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from common.configuration import Configuration, Release, content_of
from common.contracts import decode_event
from common.errors import PermanentError, TransientError
from common.streaming.ports import Outgoing
from ingest.api.keys import senders_of
from ingest.domain.reading import read
from services.ingest.tests import payloads
from services.ingest.tests.edge import Edge, MemoryLog, configuration
from services.ingest.tests.making import NOW
from services.ingest.tests.unit.test_edge_fuzz import LITERALS, values
from services.ingest.tests.vendors import (
    ALL,
    HUBSPOT,
    NEW,
    SALESFORCE,
    SHOPIFY,
    SHOPWARE,
    STANDARD,
    STRIPE,
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


bodies = (
    st.binary(max_size=200)
    | st.lists(st.sampled_from(LITERALS), max_size=12).map(lambda p: "".join(p).encode("utf-8", "replace"))
    | values.map(as_json)
)  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(ALL), bodies)
async def test_whatever_is_signed_never_breaks_the_edge(sent: Sent, body: bytes) -> None:
    edge = hooked()
    reply = await sent.to(edge, body=body)

    check(edge, reply.status)


def _paths(value: object, path: tuple[object, ...] = ()) -> list[tuple[object, ...]]:
    found = [path] if path else []
    if isinstance(value, dict):
        for key, inner in value.items():
            found += _paths(inner, (*path, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            found += _paths(inner, (*path, index))
    return found


def _with(value: object, path: tuple[object, ...], new: object) -> object:
    if not path:
        return new
    if isinstance(value, dict):
        return {k: _with(v, path[1:], new) if k == path[0] else v for k, v in value.items()}
    assert isinstance(value, list)
    return [_with(v, path[1:], new) if i == path[0] else v for i, v in enumerate(value)]


REAL: list[tuple[Sent, str, object]] = [
    (SHOPIFY, "orders/create", payloads.SHOPIFY_ORDER),
    (SHOPIFY, "customers/update", payloads.SHOPIFY_CUSTOMER),
    (SHOPIFY, "refunds/create", payloads.SHOPIFY_REFUND),
    (SHOPIFY, "products/update", payloads.SHOPIFY_PRODUCT),
    (SHOPIFY, "customers_email_marketing_consent/update", payloads.SHOPIFY_CONSENT),
    (WOOCOMMERCE, "order.updated", payloads.WOOCOMMERCE_ORDER),
    (HUBSPOT, "", payloads.HUBSPOT_BATCH),
    (STANDARD, "", payloads.STANDARD_ORDER),
    (SHOPWARE, "", payloads.SHOPWARE_ORDER),
    (STRIPE, "", payloads.STRIPE_SESSION),
]  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(st.data())
async def test_a_payload_with_anything_in_any_place_never_breaks_the_edge(
    data: st.DataObject,
) -> None:
    sent, name, value = data.draw(st.sampled_from(REAL))
    changed = _with(value, data.draw(st.sampled_from(_paths(value))), data.draw(values))
    header = "X-Shopify-Topic" if sent is SHOPIFY else "X-WC-Webhook-Topic"
    edge = hooked()
    reply = await sent.to(edge, body=as_json(changed), change=topic(header, name))

    check(edge, reply.status)


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=60), st.sampled_from(list(payloads.SALESFORCE_LEAD)))
async def test_any_text_in_a_field_of_salesforce_never_breaks_the_edge(
    text: str, name: str
) -> None:
    edge = hooked()
    body = payloads.salesforce("Lead", {**payloads.SALESFORCE_LEAD, name: text})
    reply = await SALESFORCE.to(edge, body=body.encode("utf-8", "surrogatepass"))

    check(edge, reply.status)


def check(edge: Edge, status: int) -> None:
    """One of our own answers, and whatever was taken can be read by resolve."""
    assert status in {200, 400, 401}
    for record in edge.events.records:
        decode_event(record.value or b"")
    for _, payload in edge.stored:
        try:
            assert read(payload)
        except PermanentError as error:  # pragma: no cover - the assertion's message
            raise AssertionError("accepted, and cannot be read") from error
