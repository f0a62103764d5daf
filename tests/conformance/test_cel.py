"""The public conformance cases mean the same to us, as far as conditions have what they are about."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from common.conditions import (
    ConditionError,
    EvaluationError,
    Expression,
    Type,
    compile_expression,
)
from tests.compat.tools import Node
from tests.conformance.cases import Case, read_cases
from tests.conformance.out import CASES, reason
from tests.conformance.values import type_of, value_of

pytestmark = pytest.mark.chain


@pytest.fixture(scope="module")
def cases(node: Callable[[], Node]) -> list[Case]:
    return read_cases(node())


def test_every_case_of_the_subset_passes(cases: list[Case]) -> None:
    asked = [case for case in cases if reason(case) is None]
    wrong = [f"{case.name}: {case.expression}: {found}" for case in asked if (found := flaw(case))]

    assert not wrong, "\n".join(wrong)
    assert len(asked) == 707  # of 2,344; what is out, `out.py` says


def test_a_case_that_is_out_by_name_is_there_and_would_not_pass(cases: list[Case]) -> None:
    known = {case.name: case for case in cases}

    assert known.keys() >= CASES.keys()
    assert [name for name in CASES if not flaw(known[name])] == []


def flaw(case: Case) -> str:
    """What is wrong with our answer, empty if nothing is."""
    try:
        if case.said.get("checkOnly"):
            compiled(case)
            return ""
        found = answer(case)
    except (ConditionError, EvaluationError) as error:
        return "" if case.fails else f"no value: {error.detail}"
    if case.fails:
        return f"{found!r} instead of an error"
    expected = value_of(case.expected)
    return "" if same(found, expected) else f"{found!r} instead of {expected!r}"


def compiled(case: Case) -> Expression:
    roots: dict[str, Type] = {
        declared["name"]: type_of(declared["ident"]["type"])
        for declared in case.said.get("typeEnv", ())
    }
    return compile_expression(case.expression, roots)


def answer(case: Case) -> Any:
    bound = {
        name: value_of(binding["value"]) for name, binding in case.said.get("bindings", {}).items()
    }
    return compiled(case).evaluate(bound)


def same(one: Any, other: Any) -> bool:
    """As CEL's cases mean it: 1 is neither 1.0 nor true here, and nan is nan."""
    match one, other:
        case ((tuple() | list()), tuple()):
            return len(one) == len(other) and all(map(same, one, other))
        case Mapping(), Mapping():
            return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
        case _:
            equal = one == other or (one != one and other != other)
            return type(one) is type(other) and bool(equal)
