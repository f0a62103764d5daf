"""Whatever a vendor signs, the edge gives one of its own answers, and what it took can be read."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from common.contracts import decode_event
from common.errors import PermanentError
from ingest.domain.reading import read
from services.ingest.tests import payloads
from services.ingest.tests.edge import Edge
from services.ingest.tests.shapes import LITERALS, values
from services.ingest.tests.vendors import (
    ALL,
    HUBSPOT,
    SALESFORCE,
    SHOPIFY,
    SHOPWARE,
    STANDARD,
    STRIPE,
    WOOCOMMERCE,
    Sent,
    as_json,
    hooked,
    topic,
)

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
