"""The cart is the fold over its operations, whatever order they arrived in."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from common.contracts import Money
from common.contracts.profiles import ActivityRecorded
from common.customer import Cart, Customer, apply, at
from common.customer.view import MAX_LINES, MAX_OPERATIONS, MAX_QUANTITY
from libs.common.tests.customer.making import START, activity, after


def folded(activities: Iterable[ActivityRecorded], now: datetime | None = None) -> Cart:
    customer: Customer | None = None
    latest = START
    for one in activities:
        latest = max(latest, one.occurred_at)
        customer = apply(customer, one, now=now or latest)
    return at(customer or Customer(), now or latest).cart


def added(number: int, product: str = "p", *, hours: float = 0, **more: Any) -> ActivityRecorded:
    properties = {"product_id": product, **more}
    return activity("Product Added", properties, at=after(hours=hours), number=number)


def removed(number: int, product: str = "p", *, hours: float = 0, **more: Any) -> ActivityRecorded:
    properties = {"product_id": product, **more}
    return activity("Product Removed", properties, at=after(hours=hours), number=number)


def viewed(number: int, *products: object, hours: float = 0, **more: Any) -> ActivityRecorded:
    properties = {"products": list(products), **more}
    return activity("Cart Viewed", properties, at=after(hours=hours), number=number)


def ordered(number: int, *, hours: float = 0) -> ActivityRecorded:
    return activity("Order Completed", {}, at=after(hours=hours), number=number)


def quantities(cart: Cart) -> dict[str, int]:
    return {item.product_id: item.quantity for item in cart.items}


def test_adding_and_removing_change_the_quantity() -> None:
    cart = folded([added(1, quantity=3), added(2, "q", hours=1), removed(3, hours=2)])

    assert quantities(cart) == {"p": 2, "q": 1}
    assert cart.quantity == 3
    assert cart.updated_at == after(hours=2)


def test_removing_all_empties_the_cart_and_the_next_add_opens_another() -> None:
    emptied = [added(1), removed(2, hours=1, quantity=5)]

    assert folded(emptied) == Cart()
    assert folded([*emptied, added(3, hours=2)]).id == str(UUID(int=3))


def test_removing_what_is_not_there_does_nothing() -> None:
    assert folded([removed(1), added(2, "q", hours=1), removed(3, hours=2)]).quantity == 1


def test_a_viewed_cart_replaces_what_was_known_but_stays_the_same_cart() -> None:
    cart = folded([added(1), viewed(2, {"product_id": "q", "quantity": 2}, hours=1)])

    assert quantities(cart) == {"q": 2}
    assert cart.id == str(UUID(int=1))
    assert cart.opened_at == START


def test_a_cart_viewed_empty_is_empty_and_one_that_cannot_be_read_changes_nothing() -> None:
    assert folded([added(1), viewed(2, hours=1)]) == Cart()
    assert folded([added(1), viewed(2, "odd", {"name": "x"}, hours=1)]).quantity == 1
    assert (
        folded([added(1), activity("Cart Viewed", {}, at=after(hours=1), number=2)]).quantity == 1
    )


def test_an_order_empties_the_cart_and_older_operations_have_no_effect() -> None:
    order = ordered(2, hours=2)

    assert folded([added(1), order]) == Cart()
    assert folded([order, added(1, hours=1)]) == Cart()
    assert quantities(folded([order, added(3, "q", hours=3), added(1, hours=1)])) == {"q": 1}


def test_the_shops_own_cart_id_is_the_key() -> None:
    assert folded([added(1, cart_id="c-7"), added(2, hours=1, cart_id="c-7")]).id == "c-7"
    assert folded([added(1, cart_id=12)]).id == "12"


def test_operations_of_the_same_instant_are_ordered_by_their_ids() -> None:
    add, remove = added(1), removed(2)

    assert folded([remove, add]) == folded([add, remove]) == Cart()


def test_a_cart_lives_seven_days_from_its_first_add() -> None:
    week = 7 * 24
    customer = apply(None, added(1), now=START)
    late = apply(customer, added(2, "q", hours=week - 1), now=after(hours=week - 1))

    assert at(late, after(hours=week - 0.5)).cart.quantity == 2
    assert at(late, after(hours=week)).cart == Cart()
    assert quantities(apply(late, added(3, "r", hours=week), now=after(hours=week)).cart) == {
        "r": 1
    }


def test_a_clock_that_runs_ahead_does_not_empty_carts_for_years() -> None:
    future = msgspec.structs.replace(ordered(1), occurred_at=after(days=9_999))

    assert folded([future, added(2, hours=1)], after(hours=1)).quantity == 1


def test_the_newest_words_about_a_product_are_shown() -> None:
    first = added(1, name="Old", price=1, currency="EUR", url="https://shop.example/old")
    second = added(2, hours=1, name="New", price=2, currency="EUR")
    silent = added(3, hours=2)
    item = folded([second, silent, first]).items[0]

    assert (item.name, item.price, item.url) == ("New", Money(200, "EUR"), None)
    assert item.quantity == 3


def test_the_value_is_known_only_where_every_price_is() -> None:
    priced = added(1, quantity=2, price=9.99, currency="EUR")

    assert folded([priced]).value == Money(1998, "EUR")
    assert folded([priced, added(2, "q", hours=1)]).value is None
    assert folded([priced, added(2, "q", hours=1, price=1, currency="USD")]).value is None
    assert Cart().value is None


def test_a_cart_is_bounded() -> None:
    many = [added(n, f"p{n}", hours=n / 100, quantity=10**9) for n in range(1, 300)]
    customer = apply(None, many[0], now=START)
    for one in many:
        customer = apply(customer, one, now=after(hours=3))

    assert len(customer.cart.items) == MAX_LINES
    assert customer.cart.items[0].quantity == MAX_QUANTITY
    assert len(customer.cart_operations) == MAX_OPERATIONS


def test_what_a_later_operation_overrides_is_not_kept() -> None:
    picture = "https://shop.example/" + "x" * 900
    customer: Customer | None = None
    for n in range(150):
        one = added(n, name="Long words", image_url=picture, hours=n / 100)
        customer = apply(customer, one, now=after(hours=2))

    assert len(msgspec.json.encode(customer)) < 32 * 1024


@pytest.mark.parametrize(
    ("properties", "expected"),
    [
        ({"product_id": "p", "quantity": "3"}, {"p": 3}),
        ({"product_id": "p", "quantity": 2.0}, {"p": 2}),
        ({"product_id": "p", "quantity": 1.5}, {"p": 1}),
        ({"product_id": "p", "quantity": "many"}, {"p": 1}),
        ({"product_id": "p", "quantity": None}, {"p": 1}),
        ({"product_id": "p", "quantity": [3]}, {"p": 1}),
        ({"product_id": "p", "quantity": True}, {"p": 1}),
        ({"product_id": "p", "quantity": 0}, {}),
        ({"product_id": "p", "quantity": -4}, {}),
        ({"product_id": "p", "quantity": 10**300}, {"p": 1}),
        ({"product_id": "p", "quantity": 1e300}, {"p": 1}),
        ({"product_id": "p", "quantity": 10**20}, {"p": MAX_QUANTITY}),
        ({"product_id": 12}, {"12": 1}),
        ({"product_id": " p "}, {"p": 1}),
        ({"sku": "s"}, {"s": 1}),
        ({"product_id": "", "sku": "s"}, {"s": 1}),
        ({"product_id": "p" * 201}, {}),
        ({"product_id": 10**100}, {}),
        ({"product_id": True}, {}),
        ({"product_id": {"id": 1}}, {}),
        ({}, {}),
        (
            {"products": [{"product_id": "a"}, {"product_id": "b", "quantity": 2}, 7]},
            {"a": 1, "b": 2},
        ),
    ],
)
def test_odd_properties_are_coerced_or_ignored(
    properties: dict[str, object], expected: dict[str, int]
) -> None:
    assert quantities(folded([activity("Product Added", properties)])) == expected


@pytest.mark.parametrize(
    ("price", "currency", "expected"),
    [
        (19.99, "EUR", Money(1999, "EUR")),
        (0.1 + 0.2, "eur", Money(30, "EUR")),
        ("12.345", "EUR", Money(1235, "EUR")),
        (1200, "JPY", Money(1200, "JPY")),
        (1.5, "JPY", Money(2, "JPY")),
        (1.2345, "KWD", Money(1235, "KWD")),
        (0, "EUR", Money(0, "EUR")),
        (-1, "EUR", None),
        ("1,99", "EUR", None),
        ("NaN", "EUR", None),
        ("Infinity", "EUR", None),
        ("1e5", "EUR", None),
        (float("nan"), "EUR", None),
        (float("inf"), "EUR", None),
        (10**13, "EUR", None),
        (True, "EUR", None),
        (5, None, None),
        (5, "EURO", None),
        (5, "ÄÖÜ", None),
        (None, "EUR", None),
    ],
)
def test_a_price_becomes_exact_minor_units(
    price: object, currency: object, expected: Money | None
) -> None:
    cart = folded([added(1, price=price, currency=currency)])

    assert cart.items[0].price == expected


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "/relative", "", 7, None, "https://x.example/" + "y" * 1_024]
)
def test_only_absolute_web_addresses_are_kept(url: object) -> None:
    item = folded([added(1, url=url, image_url="HTTPS://cdn.example/i.jpg")]).items[0]

    assert item.url is None
    assert item.picture == "HTTPS://cdn.example/i.jpg"


products = st.sampled_from("abc").map(lambda name: {"product_id": name})
words = st.fixed_dictionaries({}, optional={"name": st.sampled_from(["x", "y"])})
detailed = st.builds(
    lambda product, more, quantity: {**product, **more, "quantity": quantity},
    products,
    words,
    st.integers(1, 3),
)
instants = st.integers(0, 12 * 24).map(lambda hours: START + timedelta(hours=hours))


@st.composite
def operations(draw: st.DrawFn) -> ActivityRecorded:
    name = draw(
        st.sampled_from(
            ["Product Added"] * 4 + ["Product Removed", "Cart Viewed", "Order Completed"]
        )
    )
    properties = (
        {"products": draw(st.lists(detailed, max_size=3))}
        if name == "Cart Viewed"
        else draw(detailed)
    )
    return activity(name, properties, at=draw(instants), number=draw(st.integers(0, 10**6)))


histories = st.lists(operations(), max_size=25, unique_by=lambda one: one.event_id)


@settings(deadline=None)
@given(st.data(), histories)
def test_any_order_and_repetition_of_arrival_gives_the_same_cart(
    data: st.DataObject, history: list[ActivityRecorded]
) -> None:
    now = after(days=12)
    shuffled = data.draw(st.permutations(history))
    repeated = data.draw(st.lists(st.sampled_from(history), max_size=5)) if history else []
    in_order = sorted(history, key=lambda one: (one.occurred_at, one.event_id))

    assert folded([*shuffled, *repeated], now) == folded(in_order, now)


@settings(deadline=None, max_examples=4)
@given(st.randoms(use_true_random=False), st.integers(201, 210))
def test_more_operations_than_are_kept_give_the_same_cart_in_any_order(
    random: Any, count: int
) -> None:
    # Times differ from the order of ids, and an order lies somewhere in between.
    history = [added(n, "abcde"[n % 5], hours=(n * 37 % count) / 2) for n in range(count)]
    history[count // 3] = ordered(count // 3, hours=5.25)
    now = after(hours=count / 2)
    shuffled = list(history)
    random.shuffle(shuffled)

    assert folded(shuffled, now) == folded(history, now)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=5,
)
names = st.sampled_from(
    [
        "product_id",
        "sku",
        "quantity",
        "price",
        "currency",
        "products",
        "cart_id",
        "url",
        "image_url",
        "name",
        "order_id",
        "total",
    ]
)


@settings(deadline=None, max_examples=50)
@given(
    st.sampled_from(["Product Added", "Product Removed", "Cart Viewed", "Order Completed", "Odd"]),
    st.dictionaries(names, json_values | st.lists(st.dictionaries(names, json_values, max_size=4))),
)
def test_no_properties_make_it_raise(name: str, properties: dict[str, object]) -> None:
    customer = apply(None, activity(name, properties), now=START)

    assert all(1 <= item.quantity <= MAX_QUANTITY for item in customer.cart.items)
    assert msgspec.json.decode(msgspec.json.encode(customer), type=Customer) == customer
