"""An optional field is read only where the condition has said what holds without it."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from common.conditions import (
    BOOL,
    INT,
    STRING,
    ConditionError,
    Field,
    ListOf,
    ObjectOf,
    compile_condition,
    compile_expression,
)

PRICE = ObjectOf("price", {"amount": Field(INT)})
LINE = ObjectOf("line", {"price": Field(PRICE, nullable=True)})
CUSTOMER = ObjectOf(
    "customer",
    {
        "age": Field(INT, nullable=True),
        "city": Field(STRING, nullable=True),
        "known": Field(BOOL, nullable=True),
        "price": Field(PRICE, nullable=True),
        "lines": Field(ListOf(LINE)),
    },
)
ROOTS = {"c": Field(CUSTOMER), "absent": Field(CUSTOMER, nullable=True)}
NOBODY = SimpleNamespace(age=None, city=None, known=None, price=None, lines=())


@pytest.mark.parametrize(
    ("text", "without"),
    [
        ("has(c.age) && c.age > 18", False),
        ("c.age != null && c.age > 18", False),
        ("null != c.age && c.age > 18", False),
        ("!has(c.age) || c.age > 18", True),
        ("c.age == null || c.age > 18", True),
        ("!(has(c.age) && c.age > 18)", True),
        ("(has(c.age) ? c.age : 0) < 18", True),
        ("c.age == null ? true : c.age > 18", True),
        ("has(c.age) && (c.city == 'x' || c.age > 18)", False),
        ("!(c.age == null || c.city == null) && c.age > 18 && c.city > 'A'", False),
        ("(has(c.age) && has(c.city) || has(c.age) && c.known == true) && c.age > 1", False),
        ("c.city == 'Wien' && c.city.startsWith('W')", False),
        ("has(c.price) && c.price.amount > 1", False),
        ("c.lines.exists(l, has(l.price) && l.price.amount > 1)", False),
        ("c.lines.map(l, has(l.price), l.price.amount) == []", True),
        ("has(c.known) && c.known", False),
        ("c.city == 'Wien'", False),
        ("c.city != 'Wien'", True),
        ("c.city in ['Wien', 'Graz']", False),
        ("absent.age == 3", False),
        ("absent != null && absent.lines == []", False),
        ("string(c.age) == '3'", False),
    ],
)
def test_a_guarded_field_may_be_read(text: str, without: bool) -> None:
    condition = compile_condition(text, ROOTS)

    assert condition({"c": NOBODY}) is without


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("c.age > 18", "c.age"),
        ("c.age + 1 == 2", "c.age"),
        ("-c.age == 2", "c.age"),
        ("c.city.contains('x')", "c.city"),
        ("size(c.city) == 1", "c.city"),
        ("c.price.amount == 1", "c.price"),
        ("c.known", "c.known"),
        ("!c.known", "c.known"),
        ("c.known && true", "c.known"),
        ("c.known ? true : false", "c.known"),
        ("has(c.price.amount)", "c.price"),
        ("has(c.age) || c.age > 18", "c.age"),
        ("c.age > 18 && has(c.age)", "c.age"),
        ("!has(c.age) && c.age > 18", "c.age"),
        ("c.city != 'Wien' && c.city > 'A'", "c.city"),
        ("(has(c.age) || has(c.city)) && c.age > 18", "c.age"),
        ("has(c.age) ? true : c.age > 18", "c.age"),
        ("has(c.price) && c.lines.exists(c, c.price.amount > 1)", "c.price"),
        ("c.lines.all(l, l.price.amount > 1)", "l.price"),
    ],
)
def test_an_unguarded_field_is_refused_with_what_to_write(text: str, field: str) -> None:
    with pytest.raises(ConditionError, match="may be missing") as caught:
        compile_condition(text, ROOTS)

    assert f"has({field})" in caught.value.message


def test_an_expression_as_a_whole_may_be_missing() -> None:
    assert compile_expression("c.city", ROOTS).evaluate({"c": NOBODY}) is None
