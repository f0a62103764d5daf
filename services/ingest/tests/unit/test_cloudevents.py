"""What a CloudEvent means: whose it is, what was done, when."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.contracts.ingestion import EventAccepted
from common.errors import PermanentError
from ingest.domain.cloudevents import FlawedHeaderError, binary_event
from ingest.domain.cloudevents.reading import kind_and_name
from ingest.domain.identifiers import Identifier
from ingest.domain.reading import read
from ingest.domain.segment import Call
from services.ingest.tests.making import NOW, Shop, accepted, activities, consents

EVENT = {"specversion": "1.0", "id": "1", "source": "/shop", "type": "X", "subject": "u1"}


def call_of(body: object = None, **more: Any) -> Call:
    sent = {**EVENT, **more} if body is None else body
    payload = EventAccepted(
        protocol="cloudevents",
        received_at=NOW,
        source="shop",
        body=msgspec.Raw(msgspec.json.encode(sent)),
    )
    (call,) = read(payload)
    return call


@pytest.mark.parametrize(
    ("more", "user", "visitor"),
    [
        ({}, "u1", None),
        ({"userid": "u2"}, "u2", None),
        ({"userid": 7}, "7", None),
        ({"anonymousid": "a1"}, "u1", "a1"),
        ({"subject": None, "anonymousid": "a1"}, None, "a1"),
        ({"subject": "orders/1", "userid": "u1", "anonymousid": "a1"}, "u1", "a1"),
    ],
)
def test_the_subject_is_the_user_unless_an_extension_names_one(
    more: dict[str, Any], user: str | None, visitor: str | None
) -> None:
    call = call_of(**more)

    assert call.user == (user and Identifier("user", user))
    assert call.anonymous == (visitor and Identifier("anonymous", visitor))


@pytest.mark.parametrize(
    ("type_", "kind", "name"),
    [
        ("Product Added", "track", "Product Added"),
        ("product_added", "track", "Product Added"),
        ("product.added.v2", "track", "Product Added"),
        ("com.example.product.added", "track", "Product Added"),
        ("com.example.ProductAdded.v1", "track", "Product Added"),
        ("add_to_cart", "track", "Product Added"),
        ("com.example.add_to_cart", "track", "Product Added"),
        ("purchase", "track", "Order Completed"),
        ("com.example.saved.product_added", "track", "com.example.saved.product_added"),
        ("billing.invoice.refund", "track", "billing.invoice.refund"),
        ("com.example.webinar.registered.v1", "track", "com.example.webinar.registered.v1"),
        ("identify", "identify", ""),
        ("com.example.identify.v1", "identify", ""),
        ("user.identify", "track", "user.identify"),
        ("page", "page", ""),
        ("v1", "track", "v1"),
        (".v1", "track", ".v1"),
    ],
)
def test_the_type_says_what_was_done(type_: str, kind: str, name: str) -> None:
    assert kind_and_name(type_) == (kind, name)


@given(st.text(min_size=1))
def test_a_type_that_nobody_knows_is_a_custom_activity_under_its_own_name(type_: str) -> None:
    strange = "\N{SNOWMAN}" + type_

    assert kind_and_name(strange) == ("track", strange)


def packed(value: bytes) -> str:
    return base64.b64encode(value).decode()


@pytest.mark.parametrize(
    ("more", "properties"),
    [
        ({"data": {"a": 1}}, {"a": 1}),
        (
            {"data": {"a": 1}, "datacontenttype": "application/vnd.shop+json; charset=utf-8"},
            {"a": 1},
        ),
        ({"data": {"a": 1}, "datacontenttype": "text/plain"}, {}),
        ({"data": '{"a": 1}'}, {}),
        ({"data": [1]}, {}),
        ({"data": None}, {}),
        ({}, {}),
        ({"data_base64": packed(b'{"a":1}'), "datacontenttype": "application/json"}, {"a": 1}),
        ({"data_base64": packed(b'{"a":1}')}, {}),
        ({"data_base64": packed(b"{"), "datacontenttype": "application/json"}, {}),
        ({"data_base64": packed(b"\xff"), "datacontenttype": "text/json"}, {}),
    ],
)
def test_data_are_read_where_they_are_a_json_object(
    more: dict[str, Any], properties: dict[str, Any]
) -> None:
    assert call_of(**more).properties == properties


def test_of_two_content_types_the_first_counts_so_that_no_text_passes_for_attributes() -> None:
    types = [(b"content-type", b"text/plain"), (b"content-type", b"application/json")]
    event = msgspec.json.decode(binary_event([*types, (b"ce-id", b"1")], b'1,"subject":"x"'))

    assert event == {"id": "1", "datacontenttype": "text/plain", "data": '1,"subject":"x"'}


def test_an_attribute_that_is_there_twice_is_none() -> None:
    with pytest.raises(FlawedHeaderError, match="ce-id is there twice"):
        binary_event([(b"ce-id", b"1"), (b"ce-id", b"2")], b"")


def test_identify_teaches_traits_and_consents() -> None:
    shop = Shop()
    said = {"email": "Ada@Example.com", "consents": {"email.marketing": True}}
    told = shop.folds(accepted({**EVENT, "type": "identify", "data": said}, protocol="cloudevents"))

    assert consents(told) == [("email", "marketing", True)]
    assert shop.contact.email == "ada@example.com"
    assert activities(told) == []


def test_an_event_becomes_an_activity_without_anything_personal() -> None:
    data = {"product_id": "p1", "price": "12.50", "email": "ada@example.com"}
    event = {**EVENT, "type": "com.example.product.added", "data": data}
    (activity,) = activities(Shop().folds(accepted(event, protocol="cloudevents")))

    assert activity.name == "Product Added"
    assert activity.properties == {"product_id": "p1", "price": 12.5}


def test_an_alias_joins_the_visitor_to_the_user() -> None:
    call = call_of(type="alias", data={"previousId": "a1"})

    assert call.identifiers == (
        Identifier("user", "u1"),
        Identifier("anonymous", "a1"),
        Identifier("user", "a1"),
    )


def test_a_group_keeps_its_traits() -> None:
    call = call_of(type="group", data={"plan": "business"})

    assert (call.traits, call.properties) == ({"plan": "business"}, {})


@pytest.mark.parametrize(
    ("time", "occurred"),
    [
        ("2026-03-01T12:30:00+01:00", NOW - timedelta(minutes=30)),
        (None, NOW),
        ("1970-01-01T00:00:00Z", NOW),
        ("2099-01-01T00:00:00Z", NOW),
        ("2016-12-31T23:59:60Z", NOW),
        ("2026-02-28T23:59:59.123456789Z", datetime(2026, 2, 28, 23, 59, 59, 123456, tzinfo=UTC)),
    ],
)
def test_time_is_when_it_happened_where_that_can_be(time: str | None, occurred: datetime) -> None:
    assert call_of(time=time).occurred_at == occurred


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ([], "undecodable"),
        ({**EVENT, "specversion": "0.3"}, "unknown_specversion"),
        ({**EVENT, "id": None}, "invalid_attribute"),
        ({**EVENT, "data_base64": "?"}, "invalid_data"),
        ({**EVENT, "subject": None}, "no_identity"),
        ({**EVENT, "subject": "a\0b"}, "nul_character"),
    ],
)
def test_what_a_foreign_producer_writes_wrongly_is_set_aside(body: object, reason: str) -> None:
    with pytest.raises(PermanentError, match=reason):
        call_of(body)
