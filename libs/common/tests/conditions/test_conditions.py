"""What conditions say, refuse, and cannot be made to do."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.conditions import (
    DYN,
    STRING,
    Condition,
    ConditionError,
    EvaluationError,
    Field,
    MapOf,
    Type,
    compile_condition,
    compile_expression,
)
from common.contracts.actions import CartItem
from common.contracts.profiles import ActivityRecorded
from common.customer import ROOTS, Cart, Customer

WORDS: Mapping[str, Type | Field] = {**ROOTS, "data": MapOf(DYN)}
NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
FULL = Customer(
    cart=Cart("c-1", (CartItem(product_id="p", quantity=2),), NOW - timedelta(hours=2), NOW),
    counts={"Product Viewed": 3},
    lead_score=40,
)


def activity(**properties: object) -> ActivityRecorded:
    return ActivityRecorded(
        event_id=UUID(int=1),
        name="Product Added",
        source="shop",
        message_id="m",
        occurred_at=NOW,
        received_at=NOW,
        profile_version=1,
        properties=properties,
    )


def holds(text: str, /, **properties: object) -> bool:
    bound = {"customer": FULL, "event": activity(), "now": NOW, "data": properties}
    condition = compile_condition(text, WORDS)
    assert condition(bound) == exactly(condition, bound)
    return condition(bound)


def exactly(condition: Condition, bound: Mapping[str, object]) -> bool:
    """What the slower code for the value says; none is no."""
    try:
        return bool(condition.evaluate(bound))
    except EvaluationError:
        return False


def error(text: str) -> ConditionError:
    with pytest.raises(ConditionError) as caught:
        compile_condition(text, WORDS)
    return caught.value


@pytest.mark.parametrize(
    "text",
    [
        "size(customer.cart.items) > 0",
        "customer.cart.items.size() == 1 && customer.cart.quantity == 2",
        "customer.counts['Product Viewed'] >= 3",
        "!('Order Completed' in customer.counts)",
        "customer.lead_score > 10 ? true : false",
        "has(customer.cart.opened_at) && now - customer.cart.opened_at >= duration('2h')",
        "customer.cart.opened_at != null && customer.cart.opened_at + duration('1d') > now",
        "event.name == 'Product Added' && event.source in ['shop', 'site']",
        "-customer.lead_score == -40 && 7 / 2 == 3 && -7 / 2 == -3 && -7 % 2 == -1",
        "1 < 1.5 && 1 == 1.0",
        "int('12') == 12 && double(3) == 3.0 && string(5) == '5'",
        r"r'\d' == '\\d' && '\u00e4' == 'ä'",
        "// what a comment says\n true",
    ],
)
def test_a_true_condition_holds(text: str) -> None:
    assert holds(text)


@pytest.mark.parametrize(
    "text",
    [
        "data.price > 10 && data.price * 2 == 25",
        "data.tags.exists(t, t == 'new') && 'new' in data.tags",
        "data.nested.deep == 'x' && has(data.nested.deep)",
        "data['price'] == 12.5 && !has(data.colour)",
        "data.nested == data.nested",
        "data.yes",
    ],
)
def test_dynamic_properties_are_typed_when_they_are_met(text: str) -> None:
    properties = {"price": 12.5, "tags": ["new"], "nested": {"deep": "x"}, "yes": True}

    assert holds(text, **properties)


@pytest.mark.parametrize(
    "text",
    [
        "data.missing > 1",
        "data.text > 1",
        "data.text",
        "customer.counts['never'] == 0",
        "customer.cart.items[7].quantity > 0",
        "customer.cart.items[-1].quantity > 0",
        "1 / 0 == 1",
        "9223372036854775807 + 1 > 0",
    ],
)
def test_a_condition_without_a_value_does_not_hold_and_neither_does_its_negation(text: str) -> None:
    assert not holds(text, text="words")
    assert not holds(f"!({text})", text="words")


def test_true_is_not_one() -> None:
    assert holds("data.one != true && !(true in [data.one])", one=1)


def test_the_other_side_absorbs_an_error() -> None:
    assert holds("data.missing > 1 || customer.lead_score == 40")
    assert holds("!(data.missing > 1 && customer.lead_score == 0)")


def test_without_an_activity_every_use_of_the_event_is_an_error() -> None:
    condition = compile_condition("event.name == 'x' || customer.lead_score == 40", ROOTS)

    assert condition({"customer": FULL, "event": None, "now": NOW})
    assert not compile_condition("event.name != 'x'", ROOTS)({"customer": FULL})


def test_an_expression_gives_its_value_or_says_that_there_is_none() -> None:
    key = compile_expression("customer.cart.id", ROOTS, STRING)
    odd = compile_expression("data.key", WORDS, STRING)

    assert key.evaluate({"customer": FULL}) == "c-1"
    assert key.roots_used == {"customer"}
    with pytest.raises(EvaluationError):
        odd.evaluate({"data": {"key": 7}})
    with pytest.raises(EvaluationError):
        odd.evaluate({"data": {}})


@pytest.mark.parametrize(
    ("text", "line", "column", "message", "suggestion"),
    [
        ("customer.crt.id == ''", 1, 10, "`crt` is not a known field of customer", "customer.cart"),
        ("true &&\n  custmer.lead_score > 3", 2, 3, "`custmer` is not a known name", "customer"),
        ("customer.country.startWith('D')", 1, 18, "`startWith` is not a known", "startsWith"),
        ("siz(customer.cart.items) > 0", 1, 1, "`siz` is not a known function", "size"),
        ("customer.lead_score = 3", 1, 21, "`=` is not an operator", "=="),
        ("true & false", 1, 6, "`&` is not an operator", "&&"),
        ("size(customer.cart.items)", 1, 1, "this must be a bool", None),
        ("customer.lead_score == 'A'", 1, 21, "can never be equal", None),
        ("customer.lead_score + 1.5 > 2.0", 1, 21, "int + double is not defined", None),
        ("customer.lead_score && true", 1, 10, "needs bools", None),
        ("'a", 1, 1, "no closing quote", None),
        ("", 1, 1, "there is no expression", None),
        ("true true", 1, 6, "should end here", None),
        ("(true", 1, 6, "expected `)`", None),
        ("customer.lead_score.x == 1", 1, 21, "int has no fields", None),
        ("customer.reachable['x'] == 'a'", 1, 19, "is indexed by int", None),
        ("7 in customer.reachable", 1, 3, "can never be in", None),
        ("customer.reachable.exists(1, true)", 1, 20, "takes a name and a condition", None),
        ("duration('soon') > duration('1h')", 1, 10, "not a duration", None),
        ("timestamp('soon') > now", 1, 11, "not an instant", None),
        ("customer.lead_grade.matches('(')", 1, 29, "pattern", None),
        ("customer.lead_grade.matches('(?=a)')", 1, 29, "pattern", None),
        (r"customer.lead_grade.matches('(a)\\1')", 1, 29, "pattern", None),
        ("customer.lead_grade.matches('(a{100}){100}{100}')", 1, 29, "pattern", None),
        ("now.getHours('Europe/Berlim') > 1", 1, 14, "no such time zone", None),
        ("duration('1h').getHours('UTC') > 1", 1, 25, "has no time zone", None),
        ("duration('1h').getFullYear() > 1", 1, 16, "not defined for duration", None),
        ("items.size() > 0", 1, 1, "not a known name", "customer.cart.items"),
        ("customer.items.size() > 0", 1, 10, "not a known field", "customer.cart.items"),
        ("event.properties.prise > 3", 1, 18, "in no vocabulary", "event.properties.price"),
        ("event.properties.total == 'much'", 1, 24, "can never be equal", None),
        ("customer.country < 'E'", 1, 10, "may be missing", None),
        ("customer.cart.value.amount > 0", 1, 21, "may be missing", None),
        ("now > customer.cart.opened_at", 1, 21, "may be missing", None),
        ("event.properties.total > 50", 1, 18, "may be missing", None),
        ("event.properties.repeat && true", 1, 18, "may be missing", None),
        ("has(customer.country) || customer.country < 'E'", 1, 35, "may be missing", None),
        ("b'x' == ''", 1, 1, "bytes are not part", None),
        ("type(1) == int", 1, 1, "types are checked", None),
        ("Money{amount: 1} == null", 1, 1, "messages are not part", None),
        ("customer.?country == ''", 1, 9, "optional values are not part", None),
        (".customer == null", 1, 1, "does not begin with a dot", None),
        ("{1.5: 2} == {}", 1, 2, "a key is", None),
        ("customer.reachable.map(r, size(r), 1) == []", 1, 27, "needs a condition", None),
        ("size() > 0", 1, 1, "takes 1 argument", None),
        ("9223372036854775808 > 0", 1, 1, "64 bits", None),
        ("7u > 1", 1, 1, "unsigned", None),
        ("'\\q' == ''", 1, 1, "escape", None),
        ("true ? 1 : 'a'", 1, 6, "different types", None),
        ("while == 1", 1, 1, "reserved", None),
        ("true @ false", 1, 6, "does not belong here", None),
        ("-customer.lead_grade == ''", 1, 1, "`-` is not defined for string", None),
    ],
)
def test_a_mistake_is_named_with_its_place(
    text: str, line: int, column: int, message: str, suggestion: str | None
) -> None:
    found = error(text)

    assert (found.line, found.column) == (line, column)
    assert message in found.message
    assert found.suggestion == suggestion


@pytest.mark.parametrize(
    "text",
    [
        "(" * 5_000 + "true" + ")" * 5_000,
        "!" * 4_000 + "true",
        "true" + " && true" * 5_000,
        "[1].exists(a, [1].exists(b, [1].exists(c, true)))",
        "1" + " + 1" * 600 + " > 0",
        "customer" + ".cart" * 900 + " == 1",
        "[" * 2_000 + "]" * 2_000 + " == []",
        "true ? " * 500 + "true" + " : true" * 500,
    ],
)
def test_what_is_too_large_is_refused(text: str) -> None:
    error(text)


def test_what_is_nested_as_deep_as_cel_asks_for_holds() -> None:
    assert holds("(" * 32 + "true" + ")" * 32)
    assert holds("!" * 32 + "true")


def test_what_was_checked_before_may_read_what_is_missing() -> None:
    assert not compile_condition("customer.country < 'E'", WORDS, lenient=True)({"customer": FULL})
    assert not compile_condition("!(customer.country < 'E')", WORDS, lenient=True)(
        {"customer": FULL}
    )


def test_a_long_chain_is_not_a_deep_one() -> None:
    assert holds(" && ".join(["customer.lead_score > 1"] * 100))


@pytest.mark.parametrize(
    "text",
    [
        "customer.__class__ == null",
        "customer.cart.items.__len__() > 0",
        "__import__('os') == null",
        "data.__class__.__bases__[0] == null",
        "customer.counts.keys == 1",
        "r0.cart == null",
        "truth(true)",
        "eval('1') == 1",
        "customer.reachable.exists(__builtins__, __builtins__ == 'x')",
    ],
)
def test_python_is_out_of_reach(text: str) -> None:
    try:
        condition: Condition = compile_condition(text, WORDS)
    except ConditionError:
        return
    assert not condition({"customer": FULL, "event": activity()})


PARTS = [
    *("customer", "customer.cart.items", "customer.country", "event.properties", "now", "data"),
    *("event.properties.price", "x", "i", "1", "2.5", "7u", "'a'", "r'a'", "b'a'", "'2h'", "'UTC'"),
    *("true", "false", "null", ".", ",", "?", ":", "(", ")", "[", "]", "{", "}", "!", "in"),
    *("-", "+", "*", "/", "%", "==", "!=", "<", "<=", ">", ">=", "&&", "||", "exists(", "all("),
    *("has(", "size(", "int(", "double(", "string(", "bool(", "duration(", "timestamp(", "dyn("),
    *("map(", "filter(", "matches(", "getHours("),
]


@given(
    st.lists(st.sampled_from(PARTS), max_size=14).map(" ".join)
    | st.text("customer.rtielhaspgv()[]&|!<>=+-*/%?:,\"' 01{}`", max_size=60)
)
def test_any_text_compiles_or_is_a_condition_error(text: str) -> None:
    try:
        condition = compile_condition(text, WORDS)
    except ConditionError:
        return
    assert condition({"customer": FULL, "event": activity(), "now": NOW}) in {True, False}
