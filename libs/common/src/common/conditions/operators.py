"""The typing of operators and the Python they become."""

from __future__ import annotations

import ast

from common.conditions.emitted import Emitted, call
from common.conditions.lexer import Place
from common.conditions.types import (
    BOOL,
    DOUBLE,
    DURATION,
    DYN,
    INT,
    NUMBER,
    NUMBERS,
    ORDERED,
    STRING,
    TIMESTAMP,
    ListOf,
    MapOf,
    ObjectOf,
    Type,
    comparable,
    joined,
)

_EQUALITY: dict[str, tuple[ast.cmpop, str]] = {
    "==": (ast.Eq(), "equal"),
    "!=": (ast.NotEq(), "unequal"),
}
_ORDER: dict[str, tuple[ast.cmpop, str]] = {
    "<": (ast.Lt(), "less"),
    "<=": (ast.LtE(), "at_most"),
    ">": (ast.Gt(), "greater"),
    ">=": (ast.GtE(), "at_least"),
}
_ARITHMETIC = {"+": "plus", "-": "minus", "*": "times", "/": "divided", "%": "remainder"}
_RESULTS: dict[tuple[str, Type, Type], Type] = {
    **{(operator, INT, INT): INT for operator in _ARITHMETIC},
    **{(operator, DOUBLE, DOUBLE): DOUBLE for operator in "+-*/"},
    ("+", STRING, STRING): STRING,
    **{
        (operator, one, other): NUMBER
        for operator in _ARITHMETIC
        for one in NUMBERS
        for other in NUMBERS
        if NUMBER in {one, other}
    },
    ("+", TIMESTAMP, DURATION): TIMESTAMP,
    ("+", DURATION, TIMESTAMP): TIMESTAMP,
    ("+", DURATION, DURATION): DURATION,
    ("-", TIMESTAMP, TIMESTAMP): DURATION,
    ("-", TIMESTAMP, DURATION): TIMESTAMP,
    ("-", DURATION, DURATION): DURATION,
}


def binary(operator: str, left: Emitted, right: Emitted, place: Place) -> Emitted:
    """Apply an operator that evaluates both sides.

    Raises:
        ConditionError: it is not defined for these types.
    """
    if operator in _EQUALITY:
        return _equality(operator, left, right, place)
    if operator in _ORDER:
        return _order(operator, left, right, place)
    if operator == "in":
        return _membership(left, right, place)
    return _arithmetic(operator, left, right, place)


def _native(left: Emitted, right: Emitted) -> bool:
    """Whether Python's comparison means the same: not where `true` could meet 1."""
    both_numbers = left.type in NUMBERS and right.type in NUMBERS
    return both_numbers or (left.type == right.type and left.type in ORDERED)


def _compared(left: Emitted, right: Emitted, how: tuple[ast.cmpop, str]) -> ast.expr:
    if _native(left, right):
        return ast.Compare(left=left.code, ops=[how[0]], comparators=[right.code])
    return call(how[1], left.code, right.code)


def _equality(operator: str, left: Emitted, right: Emitted, place: Place) -> Emitted:
    if not comparable(left.type, right.type):
        raise place.error(
            f"{left.type.name} {operator} {right.type.name} compares what can never be equal"
        )
    code = _compared(left, right, _EQUALITY[operator])
    return Emitted(code, BOOL, fails=left.fails or right.fails)


def _order(operator: str, left: Emitted, right: Emitted, place: Place) -> Emitted:
    dynamic = DYN in {left.type, right.type}
    ordered = all(side.type in (*ORDERED, DYN) for side in (left, right))
    if not ordered or not (dynamic or _native(left, right)):
        raise place.error(f"{left.type.name} {operator} {right.type.name} is not defined")
    code = _compared(left, right, _ORDER[operator])
    return Emitted(code, BOOL, fails=left.risky or right.risky)


def _membership(left: Emitted, right: Emitted, place: Place) -> Emitted:
    element = _element(right.type)
    if element is None:
        raise place.error(f"`in` needs a list or a map on its right, not {right.type.name}")
    if not comparable(left.type, element):
        raise place.error(f"{left.type.name} can never be in {right.type.name}")
    if left.type == element == STRING and not left.nullable:
        code: ast.expr = ast.Compare(left=left.code, ops=[ast.In()], comparators=[right.code])
    else:
        code = call("member", left.code, right.code)
    return Emitted(code, BOOL, fails=left.fails or right.risky)


def _element(container: Type) -> Type | None:
    if isinstance(container, ListOf):
        return container.element
    if isinstance(container, MapOf):
        return container.key
    if isinstance(container, ObjectOf) and container.of_map:
        return STRING
    return DYN if container == DYN else None


def _arithmetic(operator: str, left: Emitted, right: Emitted, place: Place) -> Emitted:
    result = _result(operator, left.type, right.type)
    if result is None:
        hint = ""
        if {left.type, right.type} == {INT, DOUBLE}:
            hint = "; turn one side with double(…) or int(…)"
        raise place.error(f"{left.type.name} {operator} {right.type.name} is not defined{hint}")
    # Always risky: numbers overflow, divisors are zero.
    return Emitted(call(_ARITHMETIC[operator], left.code, right.code), result, fails=True)


def _result(operator: str, left: Type, right: Type) -> Type | None:
    if operator == "+" and isinstance(left, ListOf) and isinstance(right, ListOf):
        return ListOf(joined(left.element, right.element) or DYN)
    if DYN in {left, right}:
        other = right if left == DYN else left
        wrong = other == BOOL or isinstance(other, MapOf)
        return None if wrong else DYN
    return _RESULTS.get((operator, left, right))


def unary(operator: str, operand: Emitted, place: Place) -> Emitted:
    """Apply `!` or `-`."""
    wanted = (BOOL, DYN) if operator == "!" else (*NUMBERS, DYN)
    if operand.type not in wanted:
        raise place.error(f"`{operator}` is not defined for {operand.type.name}")
    operand = operand.present(place)
    if operator == "-":
        return Emitted(call("negative", operand.code), operand.type, fails=True)
    if operand.type == BOOL and not operand.nullable:
        code: ast.expr = ast.UnaryOp(op=ast.Not(), operand=operand.code)
    else:
        code = call("inverse", operand.code)
    return Emitted(code, BOOL, fails=operand.risky)
