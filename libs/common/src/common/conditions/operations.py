"""What compiled expressions call where Python's own operators would mean something else than CEL's."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from common.conditions.errors import NoValueError

MIN_INT, MAX_INT = -(2**63), 2**63 - 1
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

_DURATION = re.compile(r"(?:[0-9]+(?:\.[0-9]+)?(?:d|h|ms|us|m|s))+", re.ASCII)
_PART = re.compile(r"([0-9]+(?:\.[0-9]+)?)(d|h|ms|us|m|s)", re.ASCII)
_SECONDS = {"d": 86400.0, "h": 3600.0, "m": 60.0, "s": 1.0, "ms": 1e-3, "us": 1e-6}


def is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def equal(one: Any, other: Any) -> bool:
    """Equality in which `true` is not 1 and lists and maps are compared by their parts."""
    if isinstance(one, list | tuple) and isinstance(other, list | tuple):
        return len(one) == len(other) and all(map(equal, one, other))
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return one.keys() == other.keys() and all(equal(one[key], other[key]) for key in one)
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
    if isinstance(of, Mapping):
        return isinstance(value, str) and value in of
    if isinstance(of, list | tuple):
        return any(equal(value, element) for element in of)
    raise NoValueError("`in` needs a list or a map")


def plus(one: Any, other: Any) -> Any:
    if isinstance(one, str) and isinstance(other, str):
        return one + other
    if isinstance(one, list | tuple) and isinstance(other, list | tuple):
        return (*one, *other)
    if isinstance(one, datetime | timedelta) and isinstance(other, datetime | timedelta):
        return one + other  # type: ignore[operator]
    _numbers(one, other)
    return _fitting(one + other)


def minus(one: Any, other: Any) -> Any:
    if isinstance(one, datetime | timedelta) and isinstance(other, datetime | timedelta):
        return one - other  # type: ignore[operator]
    _numbers(one, other)
    return _fitting(one - other)


def times(one: Any, other: Any) -> Any:
    _numbers(one, other)
    return _fitting(one * other)


def divided(one: Any, other: Any) -> Any:
    """Integers are cut towards zero; a double divided by zero is infinite or no number."""
    _numbers(one, other)
    if isinstance(one, int) and isinstance(other, int):
        quotient = abs(one) // abs(other)
        return _fitting(quotient if (one < 0) == (other < 0) else -quotient)
    if other == 0:
        same = math.copysign(1.0, one) == math.copysign(1.0, other)
        return math.nan if one == 0 or math.isnan(one) else math.inf if same else -math.inf
    return one / other


def remainder(one: Any, other: Any) -> int:
    """The remainder has the sign of what is divided."""
    if not (isinstance(one, int) and isinstance(other, int)):
        raise NoValueError("`%` needs whole numbers")
    _numbers(one, other)
    rest = abs(one) % abs(other)
    return -rest if one < 0 else rest


def negative(value: Any) -> Any:
    _numbers(value, value)
    return _fitting(-value)


def _numbers(one: object, other: object) -> None:
    if not (is_number(one) and is_number(other)):
        raise NoValueError("arithmetic needs numbers")


def _fitting(value: Any) -> Any:
    if isinstance(value, int) and not MIN_INT <= value <= MAX_INT:
        raise NoValueError("the number does not fit into 64 bits")
    return value


def truth(value: object) -> bool:
    """The value itself where it is a bool: CEL knows no truthiness."""
    if isinstance(value, bool):
        return value
    raise NoValueError("not a bool")


def inverse(value: object) -> bool:
    return not truth(value)


def conjunction(*operands: Callable[[], object]) -> bool:
    """False where one is false, even where another has no value."""
    return _absorbing(operands, decisive=False)


def disjunction(*operands: Callable[[], object]) -> bool:
    """True where one is true, even where another has no value."""
    return _absorbing(operands, decisive=True)


def _absorbing(operands: Sequence[Callable[[], object]], *, decisive: bool) -> bool:
    failure: Exception | None = None
    for operand in operands:
        try:
            if truth(operand()) is decisive:
                return decisive
        except FAILURES as error:
            failure = failure or error
    if failure is not None:
        raise failure
    return not decisive


def exists(elements: Any, test: Callable[[Any], object]) -> bool:
    return disjunction(*(lambda element=element: test(element) for element in _each(elements)))


def every(elements: Any, test: Callable[[Any], object]) -> bool:
    return conjunction(*(lambda element=element: test(element) for element in _each(elements)))


def _each(elements: Any) -> Collection[Any]:
    if isinstance(elements, list | tuple | Mapping):
        return elements
    raise NoValueError("this needs a list or a map")


def size(value: Any) -> int:
    if isinstance(value, str | list | tuple | Mapping):
        return len(value)
    raise NoValueError("this has no size")


def length(value: Sequence[Any] | Mapping[str, Any]) -> int:
    """As `size`, where the type is certain."""
    return len(value)


def item(container: Any, key: Any) -> Any:
    """`container[key]`; a negative index is an error, not counted from the end."""
    if isinstance(container, Mapping) and isinstance(key, str):
        return container[key]
    if isinstance(container, list | tuple) and isinstance(key, int) and not isinstance(key, bool):
        if key < 0:
            raise NoValueError("the index is negative")
        return container[key]
    raise NoValueError("no such element")


def holds(container: Any, key: str) -> bool:
    """`has(container.key)` of a map."""
    if isinstance(container, Mapping):
        return key in container
    raise NoValueError("`has` needs an object")


def contains(text: Any, part: Any) -> bool:
    _texts(text, part)
    return part in text


def starts_with(text: Any, part: Any) -> bool:
    _texts(text, part)
    return bool(text.startswith(part))


def ends_with(text: Any, part: Any) -> bool:
    _texts(text, part)
    return bool(text.endswith(part))


def _texts(one: object, other: object) -> None:
    if not (isinstance(one, str) and isinstance(other, str)):
        raise NoValueError("this needs text")


def to_int(value: Any) -> int:
    """From a number (cut towards zero) or from decimal text."""
    if isinstance(value, str) and re.fullmatch(r"-?[0-9]{1,20}", value, re.ASCII):
        return int(_fitting(int(value)))
    _numbers(value, value)
    return int(_fitting(int(value)))


def to_double(value: Any) -> float:
    if isinstance(value, str) and re.fullmatch(r"-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?", value):
        return float(value)
    _numbers(value, value)
    return float(value)


def to_text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return value
    if isinstance(value, int):
        return str(value)
    raise NoValueError("only whole numbers, bools and text become text")


def to_duration(text: Any) -> timedelta:
    """`1h30m`, `90s`, `250ms`, and (beyond CEL, as in playbooks) `7d`; a minus in front makes it negative."""
    if isinstance(text, timedelta):
        return text
    _texts(text, "")
    digits = text.removeprefix("-")
    if not _DURATION.fullmatch(digits):
        raise NoValueError("not a duration")
    seconds = sum(float(amount) * _SECONDS[unit] for amount, unit in _PART.findall(digits))
    return timedelta(seconds=-seconds if text.startswith("-") else seconds)
