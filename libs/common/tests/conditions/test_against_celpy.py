"""Expressions drawn at random mean the same to us and to cel-python."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import celpy
import pytest
from celpy.adapter import json_to_cel
from celpy.evaluation import CELEvalError
from hypothesis import given, settings
from hypothesis import strategies as st

from common.conditions import EvaluationError, compile_expression
from common.contracts import Money
from common.contracts.actions import CartItem
from common.customer import ROOTS, Cart, Customer, Orders

ENVIRONMENT = celpy.Environment()
LETTERS = "aäbñ€ \"'\\\n"
FAILED = "no value"
Texts = st.SearchStrategy[str]


def quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def listed(parts: list[str]) -> str:
    return f"[{', '.join(parts)}]"


strings = st.text(LETTERS, max_size=4)
whole_numbers = st.one_of(
    st.integers(-5, 5), st.integers(-(2**63), 2**63 - 1), st.sampled_from([2**63 - 1, -(2**63)])
)


times = st.integers(0, 4_000_000_000).map(
    lambda seconds: f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%SZ}"
)


def binary(left: Texts, operators: str, right: Texts) -> Texts:
    made = st.tuples(left, st.sampled_from(operators.split()), right)
    return made.map(lambda parts: f"({parts[0]} {parts[1]} {parts[2]})")


atoms = st.one_of(strings.map(quoted), st.sampled_from(["customer.cart.id", "customer.lead_grade"]))


def texts_of(ints: Texts, doubles: Texts, texts: Texts, bools: Texts) -> dict[str, Texts]:
    """One level of expressions around another, by type."""
    choice = "({} ? {} : {})".format
    return {
        "int": st.one_of(
            ints,
            binary(ints, "+ - * / %", ints),
            texts.map("size({})".format),
            st.lists(ints, max_size=2).map(lambda parts: f"size({listed(parts)})"),
            st.builds(choice, bools, ints, ints),
            st.tuples(
                st.lists(ints, max_size=3),
                st.sampled_from(
                    ["filter(x, 6 / x > 1)", "map(x, x % 3)", "map(x, x > 1, x / 2)", "map(x, [x])"]
                ),
            ).map(lambda parts: f"size({listed(parts[0])}.{parts[1]})"),
            whole_numbers.map('{{"a": {}}}["a"]'.format),
            times.map('timestamp("{}").getDayOfWeek("Europe/Berlin")'.format),
            times.map('timestamp("{}").getDayOfYear("-02:30")'.format),
            times.map('int(timestamp("{}"))'.format),
            st.tuples(times, times).map(
                '(timestamp("{0[0]}") - timestamp("{0[1]}")).getHours()'.format
            ),
            st.tuples(st.lists(ints, min_size=1, max_size=2), st.sampled_from("0123")).map(
                lambda parts: f"{listed(parts[0])}[{parts[1]}]"
            ),
            ints.map("(-{})".format),
        ),
        "double": st.one_of(
            doubles,
            binary(doubles, "+ - *", doubles),
            # Not by zero: 0.0 / 0.0 is no number to IEEE 754 and to us, but infinite to cel-python.
            binary(doubles, "/", st.sampled_from(["2.5", "(-4.0)"])),
        ),
        "text": st.one_of(texts, binary(texts, "+", texts), st.builds(choice, bools, texts, texts)),
        "bool": st.one_of(
            bools,
            binary(ints, "== != < <= > >=", ints),
            binary(doubles, "== != < <= > >=", doubles),
            binary(texts, "== != < <= > >=", texts),
            binary(bools, "&& || == !=", bools),
            bools.map("(!{})".format),
            # On simple texts only: what cel-python concatenates, it gives no methods.
            st.tuples(atoms, st.sampled_from(["contains", "startsWith", "endsWith"]), atoms).map(
                lambda parts: f"{parts[0]}.{parts[1]}({parts[2]})"
            ),
            st.tuples(ints, st.lists(ints, max_size=3)).map(
                lambda parts: f"({parts[0]} in {listed(parts[1])})"
            ),
            st.tuples(
                st.lists(ints, max_size=3),
                st.sampled_from(["exists", "all", "exists_one"]),
                st.sampled_from(["6 / x > 1", "x % 2 == 0", "x > customer.lead_score"]),
            ).map(lambda parts: f"{listed(parts[0])}.{parts[1]}(x, {parts[2]})"),
        ),
    }


def levels() -> dict[str, Texts]:
    found: dict[str, Texts] = {
        "int": st.one_of(
            whole_numbers.map(str),
            st.sampled_from(
                [
                    "customer.lead_score",
                    "customer.orders.count",
                    "customer.cart.quantity",
                    "size(customer.cart.items)",
                    'customer.counts["Product Viewed"]',
                    'customer.orders.revenue["EUR"]',
                    "customer.cart.items[0].quantity",
                ]
            ),
        ),
        "double": st.floats(-99, 99).map("{:.2f}".format),
        "text": atoms,
        "bool": st.one_of(
            st.sampled_from(
                [
                    "true",
                    "false",
                    'customer.consents["email.marketing"]',
                    '("email" in customer.reachable)',
                    '("Order Completed" in customer.counts)',
                    "(customer.country == null)",
                    '(customer.country == "DE")',
                    '(has(customer.country) && customer.country < "E")',
                    '(customer.country != null && customer.country.contains("D"))',
                    '(has(customer.country) ? customer.country : "ä").contains("D")',
                    "has(customer.country)",
                    'customer.cart.items.exists(i, i.name.contains("a") && i.quantity > 1)',
                    'customer.cart.items.all(i, i.name != "ä" || 6 / i.quantity > 2)',
                    "customer.reachable.exists(c, c == customer.lead_grade)",
                ]
            ),
        ),
    }
    for _ in range(2):
        found = texts_of(found["int"], found["double"], found["text"], found["bool"])
    return found


items = st.builds(
    CartItem,
    product_id=strings,
    name=strings,
    quantity=st.integers(0, 3),
    price=st.none() | st.builds(Money, st.integers(0, 500), st.just("EUR")),
)
customers = st.builds(
    Customer,
    cart=st.builds(Cart, id=strings, items=st.lists(items, max_size=3).map(tuple)),
    orders=st.builds(
        Orders, count=st.integers(0, 3), revenue=st.dictionaries(st.just("EUR"), st.integers(0, 9))
    ),
    counts=st.dictionaries(
        st.sampled_from(["Product Viewed", "Order Completed"]), st.integers(1, 3)
    ),
    reachable=st.sets(st.sampled_from(["email", "sms"])).map(tuple),
    country=st.none() | st.sampled_from(["DE", "ä"]),
    lead_score=st.integers(0, 3),
    lead_grade=st.sampled_from(["A", "email"]),
)


def as_map(customer: Customer) -> dict[str, Any]:
    """The customer as cel-python sees it; what is null there is absent to `has`, as a proto field would be."""
    lines = [{"name": i.name, "quantity": i.quantity} for i in customer.cart.items]
    return {
        "cart": {"id": customer.cart.id, "items": lines, "quantity": customer.cart.quantity},
        "orders": {"count": customer.orders.count, "revenue": customer.orders.revenue},
        "counts": customer.counts,
        "consents": customer.consented,
        "reachable": list(customer.reachable),
        "country": customer.country,
        "lead_score": customer.lead_score,
        "lead_grade": customer.lead_grade,
    }


def theirs(text: str, customer: Customer) -> object:
    # cel-python has no map with a filter; CEL says that it is these two.
    text = text.replace(".map(x, x > 1, x / 2)", ".filter(x, x > 1).map(x, x / 2)")
    bound = {"customer": json_to_cel(as_map(customer))}
    try:
        value = ENVIRONMENT.program(ENVIRONMENT.compile(text)).evaluate(bound)
    except CELEvalError:
        return FAILED
    return plain(value)


def plain(value: object) -> object:
    if isinstance(value, celpy.celtypes.BoolType):
        return bool(value)
    for kind in (int, float, str):
        if isinstance(value, kind):
            return kind(value)
    return value


def ours(text: str, customer: Customer) -> object:
    expression = compile_expression(text, ROOTS)
    try:
        return expression.evaluate({"customer": customer})
    except EvaluationError:
        return FAILED


def comparable(value: object) -> object:
    """A stand-in for nan, which is not equal to itself."""
    return "nan" if value != value else value


@pytest.mark.parametrize("kind", ["int", "double", "text", "bool"])
def test_an_expression_means_the_same_as_to_cel_python(kind: str) -> None:
    @settings(max_examples=80, deadline=None)
    @given(levels()[kind], customers)
    def check(text: str, customer: Customer) -> None:
        # To cel-python a key with null is there.
        asked = text if customer.country else text.replace("has(customer.country)", "false")
        assert comparable(ours(text, customer)) == comparable(theirs(asked, customer))

    run: Callable[[], None] = check
    run()
