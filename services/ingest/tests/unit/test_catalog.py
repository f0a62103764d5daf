"""The catalog: one product each, whoever tells what of it in whatever order, and nobody's personal data."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from common.consuming import Consequence
from common.contracts.catalog import ProductChanged
from common.contracts.payload import Money
from common.errors import PermanentError
from ingest.domain.catalog.availability import NO, YES
from ingest.domain.catalog.naming import product_id_of
from ingest.domain.catalog.products import shown, tell
from ingest.domain.catalog.state import Product
from ingest.domain.people import People
from ingest.handlers import fold_received, touched
from services.ingest.tests.edge import BROWSER_KEY, ORIGIN, SERVER_KEY, Edge, basic
from services.ingest.tests.making import NOW, accepted

MUG = {"product_id": "p1", "name": "Mug", "price": "12.50", "currency": "eur", "stock": 3}
UPDATED = "Product Updated"


def told(properties: dict[str, Any], event: str = UPDATED) -> dict[str, Any]:
    return {"type": "track", "event": event, "properties": properties}


def after(*said: dict[str, Any], event: str = UPDATED) -> ProductChanged | None:
    product = Product()
    for at, properties in enumerate(said):
        product = tell(product, event, properties, NOW + timedelta(seconds=at))
    return shown("p1", product)


STATEMENTS = st.lists(
    st.tuples(
        st.sampled_from([UPDATED, UPDATED, "Product Deleted"]),
        st.fixed_dictionaries(
            {},
            optional={
                "name": st.sampled_from(["Mug", "Cup", ""]),
                "price": st.sampled_from([1, 2.5, "3", "much"]),
                "currency": st.sampled_from(["EUR", "JPY"]),
                "stock": st.integers(-1, 3),
            },
        ),
        st.integers(0, 3),
    ),
    max_size=7,
)


@settings(deadline=None)
@given(STATEMENTS, st.randoms(use_true_random=False), st.integers(0, 6))
def test_neither_order_nor_repetition_changes_what_a_product_is(
    said: list[tuple[str, dict[str, Any], int]], chance: Any, again: int
) -> None:
    def fold(statements: list[tuple[str, dict[str, Any], int]]) -> dict[str, Any]:
        product = Product()
        for event, properties, at in statements:
            product = tell(product, event, properties, NOW + timedelta(seconds=at))
        return product.said

    other = [*said, *said[:again]]
    chance.shuffle(other)
    assert fold(said) == fold(other)


@settings(deadline=None)
@given(STATEMENTS)
def test_what_is_said_again_changes_nothing(said: list[tuple[str, dict[str, Any], int]]) -> None:
    product = Product()
    for event, properties, at in said:
        product = tell(product, event, properties, NOW + timedelta(seconds=at))
        assert tell(product, event, properties, NOW + timedelta(seconds=at)) is product


def test_a_product_has_its_price_in_minor_units() -> None:
    found = after(MUG)

    assert found is not None
    assert (found.name, found.price, found.stock) == ("Mug", Money(1250, "EUR"), 3)


@pytest.mark.parametrize(
    ("properties", "price"),
    [
        ({"price": 5}, Money(500, "XXX")),
        ({"price": 1200, "currency": "JPY"}, Money(1200, "JPY")),
        ({"price": "0.1", "currency": "KWD"}, Money(100, "KWD")),
        ({"price": -1}, None),
        ({"price": "nan"}, None),
        ({"price": True}, None),
        ({"price": 10**30}, None),
    ],
)
def test_an_amount_is_read_in_its_currency(properties: dict[str, Any], price: Money | None) -> None:
    found = after(properties)

    assert found is not None
    assert found.price == price


def test_who_tells_the_stock_takes_no_name_away() -> None:
    found = after(MUG, {"stock": 0, "cost": 10})

    assert found is not None
    assert (found.name, found.stock, found.margin) == ("Mug", 0, Money(250, "EUR"))


def test_a_product_that_is_gone_may_come_back() -> None:
    gone = tell(tell(Product(), UPDATED, MUG, NOW), "Product Deleted", {}, NOW + timedelta(1))
    back = tell(gone, UPDATED, {"stock": 1}, NOW + timedelta(2))

    assert shown("p1", gone) is None
    assert shown("p1", tell(gone, UPDATED, {"stock": 9}, NOW)) is None  # said before it went
    found = shown("p1", back)
    assert found is not None
    assert (found.name, found.stock, found.version) == ("Mug", 1, 3)


@pytest.mark.parametrize(
    ("properties", "available"),
    [
        ({"available": True}, True),
        ({"available": False}, False),
        ({"available": "false"}, False),
        ({"available": "No"}, False),
        ({"available": 0}, False),
        ({"available": "1"}, True),
        ({"available": "out of stock"}, False),
        ({"available": "OUT_OF_STOCK"}, False),
        ({"available": "in_stock"}, True),
        ({"available": "preorder"}, True),
        ({"available": "backorder"}, True),
        ({"available": "https://schema.org/OutOfStock"}, False),
        ({"available": "http://schema.org/InStock"}, True),
        ({"available": None, "status": "outofstock"}, False),
        ({"available": "", "status": "onbackorder"}, True),
        ({"available": False, "status": "active"}, False),
        ({"status": "limited_availability"}, True),
        ({"status": "being looked at"}, None),
        ({}, None),
    ],
)
def test_whether_it_can_be_ordered_is_read_in_shops_words(
    properties: dict[str, Any], available: bool | None
) -> None:
    found = after({"name": "Mug", **properties})

    assert found is not None
    assert found.available is available


@pytest.mark.parametrize("value", ["perhaps", 2, 0.5, [True], {"a": 1}, "x" * 1000])
async def test_an_availability_that_nobody_understands_is_set_aside(value: object) -> None:
    edge = Edge()
    reply = await edge.post("/v1/batch", {"batch": [told({**MUG, "available": value}), told(MUG)]})

    assert reply.json["accepted"] == 1
    assert [item["reason"] for item in reply.json["rejected"]] == ["unknown_availability"]
    with pytest.raises(PermanentError, match="unknown_availability"):
        folded(People("demo", products={"p1": Product()}), told({**MUG, "available": value}))


def test_what_looks_like_somebodys_address_stays_behind() -> None:
    found = after({"name": "Ask ada@example.com", "url": "javascript:alert(1)"})

    assert found is not None
    assert (found.name, found.url) == ("Ask [removed]", None)


@pytest.mark.parametrize(
    ("event", "properties", "product"),
    [
        ("Product Updated", {"product_id": 7}, "7"),
        ("product_updated", {"product_id": "p"}, "p"),
        ("Product Deleted", {"product_id": "p"}, "p"),
        ("Product Added", {"product_id": "p"}, None),
        ("Product Updated", {}, None),
        ("Product Updated", None, None),
        ("Product Updated", {"product_id": "x" * 201}, None),
        ("Product Updated", {"product_id": "a\0"}, None),
        ("Product Updated", {"product_id": "ada@example.com"}, None),
        ("Product Updated", {"product_id": "ada%40example.com"}, None),
        ("Product Updated", {"product_id": "+4915123456789"}, None),
        ("Product Updated", {"product_id": "+1"}, "+1"),
        (None, {"product_id": "p"}, None),
    ],
)
def test_events_of_products_are_told_apart(
    event: Any, properties: Any, product: str | None
) -> None:
    assert product_id_of(event, properties) == product


async def test_the_edge_takes_it_from_servers_alone() -> None:
    edge = Edge()
    body = {"batch": [told(MUG), {"type": "track", "userId": "u1", "event": "Seen"}]}
    server = await edge.post("/v1/batch", body)
    browser = await edge.post("/v1/batch", body, key=BROWSER_KEY, headers={"origin": ORIGIN})

    assert (server.json["accepted"], server.json["rejected"]) == (2, [])
    assert browser.json["accepted"] == 1
    assert [item["reason"] for item in browser.json["rejected"]] == ["server_key_needed"]
    assert [record.key for record in edge.events.records] == [b"product:p1", b"u1", b"u1"]


async def test_it_is_of_nobody_whoever_is_named() -> None:
    edge = Edge()
    message = {**told(MUG), "userId": "u1", "anonymousId": "a1"}
    await edge.request("POST", "/v1/track", msgspec.json.encode(message), {"authorization": basic(SERVER_KEY)})  # fmt: skip

    assert [record.key for record in edge.events.records] == [b"product:p1"]
    found = touched(accepted(message))
    assert (found.identifiers, found.product) == ((), "p1")


def folded(
    people: People | None, message: dict[str, Any], **more: Any
) -> tuple[People, list[Consequence]]:
    done = fold_received(people, accepted(message, **more), NOW)
    return done.state, list(done.consequences)


def test_a_fold_tells_the_whole_product_under_its_workspace() -> None:
    people, first = folded(People("demo", products={"p1": Product()}), told(MUG))
    people, second = folded(
        people, told({"product_id": "p1", "stock": 1}), received_at=NOW + timedelta(1)
    )
    _, again = folded(
        people, told({"product_id": "p1", "stock": 1}), received_at=NOW + timedelta(2)
    )

    assert [(c.topic, c.subject) for c in (*first, *second)] == [
        ("catalog.products", "demo/p1")
    ] * 2
    assert isinstance(second[0].payload, ProductChanged)
    assert (second[0].payload.name, second[0].payload.version) == ("Mug", 2)
    assert again == []
    assert people.profiles == {}


def test_what_is_gone_is_a_tombstone() -> None:
    people, _ = folded(People("demo", products={"p1": Product()}), told(MUG))
    _, gone = folded(people, told({"product_id": "p1"}, "Product Deleted"), message_id="m2", received_at=NOW + timedelta(1))  # fmt: skip

    assert [(c.payload, c.subject) for c in gone] == [(None, "demo/p1")]


def test_what_a_stranger_says_of_a_product_under_another_subject_is_set_aside_with_its_reason() -> (
    None
):
    with pytest.raises(PermanentError) as found:
        folded(None, told(MUG))

    assert found.value.reason == "misplaced_product"
    assert "Mug" not in found.value.detail


def test_the_page_names_every_word_for_whether_it_can_be_ordered() -> None:
    page = (Path(__file__).parents[4] / "docs/connect/catalog.md").read_text()
    words = [word for word in (*YES, *NO) if word not in ("1", "0")]

    assert [word for word in words if f"`{word}`" not in page] == []
