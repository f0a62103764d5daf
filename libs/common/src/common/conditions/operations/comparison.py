"""Equality, order and membership."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from common.conditions.errors import NoValueError
from common.conditions.operations.failures import is_number


def equal(one: Any, other: Any) -> bool:
    """Equality in which `true` is not 1 and lists and maps are compared by their parts."""
    if isinstance(one, list | tuple) and isinstance(other, list | tuple):
        return len(one) == len(other) and all(map(equal, one, other))
    if isinstance(one, dict) and isinstance(other, dict):
        return len(one) == len(other) and all(
            member(key, other) and equal(value, other[key]) for key, value in one.items()
        )
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    return bool(one == other)


def unequal(one: Any, other: Any) -> bool:
    return not equal(one, other)


def less(one: Any, other: Any) -> bool:
    return bool(_ordered(one, other) and one < other)


def at_most(one: Any, other: Any) -> bool:
    return bool(_ordered(one, other) and one <= other)


def greater(one: Any, other: Any) -> bool:
    return less(other, one)


def at_least(one: Any, other: Any) -> bool:
    return at_most(other, one)


def _ordered(one: object, other: object) -> bool:
    if is_number(one) and is_number(other):
        return True
    for kind in (bool, str, datetime, timedelta):
        if isinstance(one, kind) and isinstance(other, kind):
            return True
    raise NoValueError("these have no order")


def member(value: Any, of: Any) -> bool:
    """`value in of`, for lists and for the keys of maps."""
    if isinstance(of, dict):
        # All keys of a map are of one kind; Python would find 1 for `true`.
        return is_key(value) and value in of and isinstance(value, bool) == _has_flags(of)
    if isinstance(of, list | tuple):
        return any(equal(value, element) for element in of)
    raise NoValueError("`in` needs a list or a map")


def is_key(value: object) -> bool:
    """Whether a map could have it as a key, as `1.0` finds 1."""
    return isinstance(value, str | int | float)


def _has_flags(of: Mapping[Any, Any]) -> bool:
    return isinstance(next(iter(of)), bool)
