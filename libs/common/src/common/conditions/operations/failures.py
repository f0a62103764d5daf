"""What evaluating raises when an expression has no value."""

from __future__ import annotations

from common.conditions.errors import NoValueError

FAILURES = (
    NoValueError,
    TypeError,
    KeyError,
    IndexError,
    AttributeError,
    ZeroDivisionError,
    OverflowError,
    ValueError,
)
"""What evaluating may raise when an expression has no value; anything else is a bug."""
MIN_INT, MAX_INT = -(2**63), 2**63 - 1


def is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def need_numbers(*values: object) -> None:
    if not all(map(is_number, values)):
        raise NoValueError("this needs numbers")


def need_texts(*values: object) -> None:
    if not all(isinstance(value, str) for value in values):
        raise NoValueError("this needs text")


def fitting(value: int) -> int:
    """The value, if it is a 64-bit integer: CEL's neither grow nor wrap."""
    if not MIN_INT <= value <= MAX_INT:
        raise NoValueError("the number does not fit into 64 bits")
    return value
