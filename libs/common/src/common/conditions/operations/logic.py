"""Bools, and the macros that look at each element; an operand without a value is absorbed where another decides."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from common.conditions.errors import NoValueError
from common.conditions.operations.containers import each
from common.conditions.operations.failures import FAILURES

Test = Callable[[Any], object]


def truth(value: object) -> bool:
    """The value itself where it is a bool: CEL knows no truthiness."""
    if isinstance(value, bool):
        return value
    raise NoValueError("not a bool")


def inverse(value: object) -> bool:
    return not truth(value)


def attempted(operand: Callable[[], object]) -> bool:
    """Whether it is true: false where it has no value."""
    try:
        return operand() is True
    except FAILURES:
        return False


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


def exists(elements: Any, test: Test) -> bool:
    return _any(elements, test, decisive=True)


def every(elements: Any, test: Test) -> bool:
    return not _any(elements, test, decisive=False)


def _any(elements: Any, test: Test, *, decisive: bool) -> bool:
    """Whether the test gives for one element what decides, even where it has no value for another."""
    failure: Exception | None = None
    for element in each(elements):
        try:
            if truth(test(element)) is decisive:
                return True
        except FAILURES as error:
            failure = failure or error
    if failure is not None:
        raise failure
    return False


def exists_one(elements: Any, test: Test) -> bool:
    """Whether exactly one passes; unlike `exists` it needs the value for each."""
    return sum(truth(test(element)) for element in each(elements)) == 1


def kept(elements: Any, test: Test) -> tuple[Any, ...]:
    return tuple(element for element in each(elements) if truth(test(element)))


def mapped(elements: Any, change: Test) -> tuple[Any, ...]:
    return tuple(change(element) for element in each(elements))


def kept_and_mapped(elements: Any, test: Test, change: Test) -> tuple[Any, ...]:
    return tuple(change(element) for element in each(elements) if truth(test(element)))
