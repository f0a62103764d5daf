"""Names and properties of other vocabularies become ours; what is in none stays what it is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.contracts.profiles import ActivityRecorded
from common.customer.cart import operation_of
from ingest.domain.segment.properties import ALLOWED, allowed
from ingest.domain.vocabulary import CANONICAL, EVENT, PRODUCT, PROMOTION, canonical_name
from ingest.domain.vocabulary.names import FORMER, GA4
from services.ingest.tests.making import Shop, activities


def recorded(event: str, **properties: Any) -> ActivityRecorded:
    (activity,) = activities(Shop().says("track", userId="u1", event=event, properties=properties))
    return activity


@pytest.mark.parametrize("table", [GA4, FORMER])
def test_every_other_name_means_a_canonical_one(table: dict[str, str]) -> None:
    assert {canonical_name(other): meant for other, meant in table.items()} == {
        meant: meant for meant in table.values()
    }
    assert set(table.values()) <= set(CANONICAL)


def test_every_other_property_means_a_canonical_one() -> None:
    assert {*EVENT.values(), *PRODUCT.values(), *PROMOTION.values()} <= ALLOWED.keys()


@given(
    st.sampled_from(CANONICAL),
    st.sampled_from(["_", "-", ".", "  ", ""]),
    st.sampled_from([str.lower, str.upper, str.title]),
)
def test_however_it_is_written_a_canonical_name_is_itself(
    name: str, between: str, written: Callable[[str], str]
) -> None:
    assert canonical_name(written(name.replace(" ", between))) == name


@pytest.mark.parametrize(
    ("former", "name"),
    [
        ("Viewed Product", "Product Viewed"),
        ("Completed Order", "Order Completed"),
        ("completed_checkout_step", "Checkout Step Completed"),
        ("Viewed Product Category", "Product List Viewed"),
    ],
)
def test_the_first_version_said_the_action_first(former: str, name: str) -> None:
    assert canonical_name(former) == name


@given(st.text())
def test_an_unknown_name_is_a_custom_activity(text: str) -> None:
    name = "\N{SNOWMAN} Webinar" + text

    assert canonical_name(name) is None


def test_a_custom_activity_keeps_its_name() -> None:
    assert recorded("generate_lead").name == "generate_lead"


def test_ga4s_purchase_is_an_order_with_its_products() -> None:
    item = {"item_id": "p1", "item_name": "Mug", "item_brand": "B", "price": 12.5, "quantity": 2, "index": 1}  # fmt: skip
    activity = recorded("purchase", transaction_id="o1", value=25, currency="EUR", items=[item])

    assert activity.name == "Order Completed"
    assert activity.properties == {
        "order_id": "o1",
        "value": 25,
        "currency": "EUR",
        "products": [
            {"product_id": "p1", "name": "Mug", "brand": "B", "price": 12.5, "quantity": 2, "position": 1}
        ],
    }  # fmt: skip


def test_a_list_of_one_item_is_that_product() -> None:
    item = {"item_id": "p1", "item_name": "Mug", "price": 12.5}
    activity = recorded("add_to_cart", currency="EUR", value=12.5, items=[item])

    assert activity.properties == {
        "product_id": "p1",
        "name": "Mug",
        "price": 12.5,
        "currency": "EUR",
        "value": 12.5,
    }


def test_what_ga4_adds_fills_the_cart() -> None:
    one = recorded("add_to_cart", items=[{"item_id": "p1", "quantity": 3}])
    two = recorded("add_to_cart", items=[{"item_id": "p1"}, {"item_id": "p2"}])
    added = [operation_of(activity) for activity in (one, two)]

    assert [[(ln.product_id, ln.quantity) for ln in op.lines] for op in added if op] == [
        [("p1", 3)],
        [("p1", 1), ("p2", 1)],
    ]


def test_names_in_camel_case_and_of_the_first_version_are_known() -> None:
    activity = recorded("Added Product", id="p1", imageUrl="https://shop.example/p1.jpg", cartId=7)

    assert activity.name == "Product Added"
    assert activity.properties == {
        "product_id": "p1",
        "image_url": "https://shop.example/p1.jpg",
        "cart_id": "7",
    }


def test_an_id_is_a_products_only_where_there_is_one_product() -> None:
    assert recorded("Order Completed", id="7", item_id="p1").properties == {}


def test_a_promotion_has_its_own_words() -> None:
    said = {"promotion_id": "x", "promotion_name": "Spring", "creative_name": "banner"}

    assert recorded("view_promotion", **said).properties == {
        "promotion_id": "x",
        "name": "Spring",
        "creative": "banner",
    }
    assert recorded("view_cart", **said).properties == {"promotion_id": "x"}


def test_the_canonical_name_wins_whatever_comes_first() -> None:
    said = {"item_id": "theirs", "product_id": "ours", "productId": "other"}

    assert recorded("Product Viewed", **said).properties == {"product_id": "ours"}


@given(
    st.dictionaries(
        st.sampled_from([*ALLOWED, *EVENT, *PRODUCT, *PROMOTION, "productId", "x"]),
        st.none() | st.integers() | st.text(max_size=5) | st.lists(st.just({"item_id": "p1"})),
    ),
    st.sampled_from([*CANONICAL, "Custom"]),
)
def test_only_canonical_names_leave_and_they_stay_what_they_are(
    properties: dict[str, Any], name: str
) -> None:
    left = allowed(properties, name)

    assert left.keys() <= ALLOWED.keys()
    assert allowed(left, name) == left
