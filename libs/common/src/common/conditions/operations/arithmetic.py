"""Numbers of 64 bits, instants and durations; text and lists are joined by `+`."""

from __future__ import annotations

import math
from datetime import datetime, timedelta
from typing import Any

from common.conditions.errors import NoValueError
from common.conditions.operations.failures import fitting, need_numbers
from common.conditions.operations.times import bounded


def plus(one: Any, other: Any) -> Any:
    if isinstance(one, str) and isinstance(other, str):
        return one + other
    if isinstance(one, list | tuple) and isinstance(other, list | tuple):
        return (*one, *other)
    if isinstance(one, datetime | timedelta) and isinstance(other, datetime | timedelta):
        return bounded(one + other)  # type: ignore[operator]
    need_numbers(one, other)
    return _number(one + other)


def minus(one: Any, other: Any) -> Any:
    if isinstance(one, datetime | timedelta) and isinstance(other, datetime | timedelta):
        return bounded(one - other)  # type: ignore[operator]
    need_numbers(one, other)
    return _number(one - other)


def times(one: Any, other: Any) -> Any:
    need_numbers(one, other)
    return _number(one * other)


def divided(one: Any, other: Any) -> Any:
    """Integers are cut towards zero; a double divided by zero is infinite or no number."""
    need_numbers(one, other)
    if isinstance(one, int) and isinstance(other, int):
        quotient = abs(one) // abs(other)
        return fitting(quotient if (one < 0) == (other < 0) else -quotient)
    if other == 0:
        same = math.copysign(1.0, one) == math.copysign(1.0, other)
        return math.nan if one == 0 or math.isnan(one) else math.inf if same else -math.inf
    return one / other


def remainder(one: Any, other: Any) -> int:
    """The remainder has the sign of what is divided."""
    if not (isinstance(one, int) and isinstance(other, int)):
        raise NoValueError("`%` needs whole numbers")
    need_numbers(one, other)
    rest = abs(one) % abs(other)
    return -rest if one < 0 else rest


def negative(value: Any) -> Any:
    need_numbers(value)
    return _number(-value)


def _number(value: Any) -> Any:
    return fitting(value) if isinstance(value, int) else value
