"""What functions, macros and maps give."""

from __future__ import annotations

from datetime import UTC, datetime
from time import process_time

import pytest

from common.conditions import DYN, TIMESTAMP, EvaluationError, MapOf, compile_expression

ROOTS = {"now": TIMESTAMP, "data": MapOf(DYN)}
NOW = datetime(2026, 1, 2, 23, 4, 5, 678_000, tzinfo=UTC)


def value(text: str, /, **data: object) -> object:
    return compile_expression(text, ROOTS).evaluate({"now": NOW, "data": data})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[1, 2, 3].filter(i, i > 1)", (2, 3)),
        ("[1, 2, 3].map(i, i * 2)", (2, 4, 6)),
        ("[1, 2, 3].map(i, i > 1, string(i))", ("2", "3")),
        ("[1, 2, 2].exists_one(i, i == 2)", False),
        ("{'a': 1, 'b': 2}.filter(k, k > 'a')", ("b",)),
        ("{'a': 1,}.a + {2: 3}[2] + {true: 4}[true]", 8),
        ("'a' in {'a': 1} && !(dyn(1) in {true: 1})", True),
        ("{'a': [1, {'b': 2}]} == {'a': [1.0, {'b': 2.0}]}", True),
        ("size('äöü') + size([1]) + {'a': 1}.size()", 5),
        ("'''it's''' + \"\"\"a \"quote\\\"\\n\"\"\" + r'''\\n'''", 'it\'sa "quote"\n\\n'),
        ("{'content-type': 'x'}.`content-type`", "x"),
        ("has({'a-b': 1}.`a-b`) && !has({'a': 1}.b)", True),
        ("bool('true') && !bool('f')", True),
        ("string(1.5) + string(2.0) + string(duration('90s')) + string(now)", "1.5290s2026-01-02T23:04:05.678Z"),
        ("int('-7') + int(2.9) + int(timestamp('1970-01-01T00:01:00Z'))", 55),
        ("dyn(1) == 'a'", False),
        ("'AB-12'.matches('^[A-Z]+-[0-9]{2}$') && !'x'.matches('[0-9]')", True),
        ("now.getFullYear() + now.getMonth() + now.getDate() + now.getDayOfMonth()", 2029),
        ("now.getDayOfWeek() == 5 && now.getDayOfYear() == 1 && now.getMilliseconds() == 678", True),
        ("now.getHours('Europe/Berlin') == 0 && now.getDayOfWeek('+01:00') == 6", True),
        ("now.getHours('-02:30') == 20 && now.getMinutes('-02:30') == 34", True),
        ("now + duration('1d') > timestamp('2026-01-03T23:00:00Z')", True),
        ("(now - timestamp('2026-01-01T00:00:00Z')).getHours()", 47),
        ("duration('1.5h').getMinutes()", 90),
        ("duration('-90s').getSeconds()", -90),
    ],
)  # fmt: skip
def test_an_expression_gives_what_cel_says(text: str, expected: object) -> None:
    assert value(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "{'a': 1, 'a': 2}",
        "{1: 1, 'a': 2}",
        "{'a': 1}.b",
        "[1, 2].exists_one(i, 2 / (i - 1) == 2)",
        "bool('TrUe')",
        "int(9223372036854775807.0)",
        "int('1.5')",
        "double('x')",
        "timestamp(data.text)",
        "duration(data.text)",
        "now.getHours(data.text)",
        "'a'.matches(data.text + '(')",
        "timestamp('9999-12-31T23:59:59Z') + duration('1s')",
        "timestamp('9999-12-31T23:59:59Z') - timestamp('0001-01-01T00:00:00Z')",
        "data.text[0]",
        "[1][data.text]",
        "data.missing",
    ],
)
def test_what_has_no_value_says_so(text: str) -> None:
    with pytest.raises(EvaluationError):
        value(text, text="soon")


def test_a_pattern_of_an_event_costs_linear_time() -> None:
    """An engine that goes back would need years."""
    started = process_time()

    assert value("data.text.matches(data.pattern)", text="a" * 5_000, pattern="^(a+)+b$") is False
    assert value("data.text.matches('(x+x+)+y')", text="x" * 5_000) is False
    assert process_time() - started < 5
