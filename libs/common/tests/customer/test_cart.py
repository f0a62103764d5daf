"""The cart is the fold over its operations, whatever order they arrived in."""

from __future__ import annotations

from uuid import UUID

import msgspec
import pytest

from common.contracts import Money
from common.customer import Cart, Customer, apply, at
from common.customer.view import MAX_LINES, MAX_OPERATIONS, MAX_QUANTITY
from libs.common.tests.customer.carts import added, folded, ordered, removed, viewed
from libs.common.tests.customer.making import START, activity, after


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
