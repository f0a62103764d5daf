"""What each payload changes of the customer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast
from uuid import UUID

import msgspec

from common.conditions import ListOf, MapOf, ObjectOf, Type
from common.contracts.profiles import (
    ActivityRecorded,
    ConsentChanged,
    ContactChanged,
    LeadScored,
    TraitsChanged,
)
from common.customer import ROOTS, Customer, apply
from common.customer.view import MAX_NAMES, MAX_ORDERS
from libs.common.tests.customer.making import START, activity, after


def consent(*, granted: bool, version: int, purpose: str = "marketing") -> ConsentChanged:
    return ConsentChanged(
        profile_version=version,
        channel="email",
        purpose=purpose,
        granted=granted,
        basis="opt_in",
        since=START,
        proof_id=UUID(int=9),
    )


def order(number: int, **properties: object) -> ActivityRecorded:
    return activity("Order Completed", properties, at=after(hours=number), number=number)


def test_activities_are_counted_and_seen() -> None:
    customer = apply(None, activity("Page Viewed", {}, at=after(hours=2)), now=after(hours=2))
    customer = apply(customer, activity("Page Viewed", {}, at=START), now=after(hours=3))

    assert customer.counts == {"Page Viewed": 2}
    assert (customer.first_seen, customer.last_seen) == (START, after(hours=2))


def test_the_number_of_counted_names_is_bounded() -> None:
    customer = Customer()
    for n in range(MAX_NAMES + 10):
        customer = apply(customer, activity(f"Custom {n}", {}), now=START)
    customer = apply(customer, activity("Custom 0", {}), now=START)

    assert len(customer.counts) == MAX_NAMES
    assert customer.counts["Custom 0"] == 2


def test_orders_are_summed_by_currency() -> None:
    customer = apply(None, order(1, total=10, currency="EUR"), now=START)
    customer = apply(customer, order(2, revenue="5.50", currency="EUR"), now=START)
    customer = apply(customer, order(3, total="odd", value=900, currency="JPY"), now=START)

    assert customer.orders.count == 3
    assert customer.orders.revenue == {"EUR": 1550, "JPY": 900}
    assert (customer.orders.first_at, customer.orders.last_at) == (after(hours=1), after(hours=3))


def test_an_order_told_by_browser_and_server_counts_once() -> None:
    customer = apply(None, order(1, order_id="o-1", total=10, currency="EUR"), now=START)
    customer = apply(customer, order(2, order_id="o-1", total=10, currency="EUR"), now=START)

    assert customer.orders.count == 1
    assert customer.orders.revenue == {"EUR": 1000}


def test_an_order_told_twice_is_known_as_it_was_first_whichever_came_first() -> None:
    server = activity(
        "Order Completed", {"order_id": "o1", "total": 7, "currency": "EUR"}, at=after(hours=1)
    )
    browser = activity(
        "Order Completed", {"order_id": "o1", "total": 9, "currency": "USD"}, at=after(hours=2)
    )
    ways = [
        apply(apply(None, first, now=after(hours=2)), second, now=after(hours=3))
        for first, second in ((server, browser), (browser, server))
    ]

    assert ways[0] == ways[1]
    assert (ways[0].orders.count, ways[0].orders.revenue) == (1, {"EUR": 700})
    assert ways[0].orders.last_at == after(hours=2)


def test_only_the_newest_order_ids_are_remembered() -> None:
    customer = Customer()
    for n in range(MAX_ORDERS + 5):
        customer = apply(customer, order(n, order_id=n + 1), now=START)

    assert tuple(order.id for order in customer.orders.recent) == tuple(
        str(n) for n in range(6, MAX_ORDERS + 6)
    )


def test_a_consent_counts_as_the_highest_version_says() -> None:
    customer = apply(None, consent(granted=True, version=2), now=START)
    assert customer.consents_to("email", "marketing")
    assert not customer.consents_to("sms", "marketing")

    customer = apply(customer, consent(granted=False, version=3), now=START)
    late = apply(customer, consent(granted=True, version=2), now=START)

    assert not late.consents_to("email", "marketing")
    assert late.consented == {"email.marketing": False}


def test_consents_of_different_purposes_do_not_touch_each_other() -> None:
    customer = apply(None, consent(granted=False, version=9), now=START)
    customer = apply(customer, consent(granted=True, version=3, purpose="profiling"), now=START)

    assert customer.consented == {"email.marketing": False, "email.profiling": True}


def test_traits_of_a_lower_version_are_ignored() -> None:
    new = TraitsChanged(profile_version=4, locale="de", reachable=("email",), country="DE")
    customer = apply(None, new, now=START)
    late = apply(customer, TraitsChanged(profile_version=3, locale="en"), now=START)

    assert late == customer
    assert (late.locale, late.country, late.reachable) == ("de", "DE", ("email",))


def test_the_lead_score_is_the_last_one_told() -> None:
    scored = LeadScored(score=55, previous_score=None, grade="B", reasons=(), model_version="m")

    customer = apply(None, scored, now=START)

    assert (customer.lead_score, customer.lead_grade) == (55, "B")


def test_other_payloads_change_nothing() -> None:
    assert (
        apply(None, ContactChanged(profile_version=1, email="a@b.example"), now=START) == Customer()
    )


def test_folding_leaves_the_old_customer_as_it_was() -> None:
    old = apply(None, activity("Product Added", {"product_id": "p"}), now=START)
    before = msgspec.json.encode(old)

    apply(old, order(5, total=3, currency="EUR"), now=START)
    apply(old, consent(granted=True, version=2), now=START)

    assert msgspec.json.encode(old) == before


def test_conditions_name_only_what_there_is() -> None:
    basket = activity("Product Added", {"product_id": "p", "price": 1, "currency": "EUR"})
    bound = {"customer": apply(None, basket, now=START), "event": basket, "now": START}

    assert bound.keys() == ROOTS.keys()
    for name, value in bound.items():
        assert_fits(ROOTS[name].type, value)


def assert_fits(declared: Type, value: object) -> None:
    match declared, value:
        case ObjectOf(), _:
            for name, field in declared.fields.items():
                found = (
                    cast("Mapping[str, object]", value).get(name)
                    if declared.of_map
                    else getattr(value, field.attribute or name)
                )
                assert found is not None or field.nullable, name
                if found is not None:
                    assert_fits(field.type, found)
        case ListOf(), tuple():
            for element in value:
                assert_fits(declared.element, element)
        case MapOf(), _:
            assert isinstance(value, dict)
        case _:
            assert type(value).__name__ in {"str", "int", "float", "bool", "datetime"}
