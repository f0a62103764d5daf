"""The functions and methods of the language."""

from __future__ import annotations

import ast
from dataclasses import dataclass

from common.conditions import operations
from common.conditions.emitted import Emitted, call
from common.conditions.errors import NoValueError
from common.conditions.lexer import Place
from common.conditions.types import (
    BOOL,
    DOUBLE,
    DURATION,
    DYN,
    INT,
    STRING,
    ListOf,
    MapOf,
    Type,
)


@dataclass(frozen=True, slots=True)
class Function:
    """One function: what it takes, what it gives, and the operation it becomes."""

    operation: str
    takes: tuple[tuple[Type, ...], ...]
    """Per argument the scalar types it may have."""
    gives: Type
    containers: bool = False
    """Whether the first argument may also be a list or a map."""


FUNCTIONS = {
    "size": Function("size", ((STRING,),), INT, containers=True),
    "int": Function("to_int", ((INT, DOUBLE, STRING),), INT),
    "double": Function("to_double", ((INT, DOUBLE, STRING),), DOUBLE),
    "string": Function("to_text", ((INT, BOOL, STRING),), STRING),
    "duration": Function("to_duration", ((STRING, DURATION),), DURATION),
}
METHODS = {
    "size": FUNCTIONS["size"],
    "contains": Function("contains", ((STRING,), (STRING,)), BOOL),
    "startsWith": Function("starts_with", ((STRING,), (STRING,)), BOOL),
    "endsWith": Function("ends_with", ((STRING,), (STRING,)), BOOL),
}
MACROS = {"exists": "exists", "all": "every"}
NOT_SUPPORTED = frozenset({"matches", "exists_one", "map", "filter", "timestamp", "type", "uint"})


def called(
    written: str, function: Function, arguments: list[Emitted], place: Place, *, method: bool
) -> Emitted:
    """Check the arguments and call the operation.

    Raises:
        ConditionError: wrong number or types of arguments, or a constant that is none.
    """
    if len(arguments) != len(function.takes):
        wanted = len(function.takes) - method
        raise place.error(
            f"`{written}` takes {wanted} argument{'s' * (wanted != 1)}, not {len(arguments) - method}"
        )
    for argument, types in zip(arguments, function.takes, strict=True):
        allowed = argument.type in (*types, DYN)
        if function.containers and isinstance(argument.type, ListOf | MapOf):
            allowed = True
        if not allowed:
            raise place.error(f"`{written}` is not defined for {argument.type.name}")
    if written == "duration":
        _checked_duration(arguments[0], place)
    if function.operation == "size" and not arguments[0].risky:
        return Emitted(call("length", arguments[0].code), INT)
    fails = function.operation.startswith("to_") or any(a.risky for a in arguments)
    return Emitted(
        call(function.operation, *(a.code for a in arguments)), function.gives, fails=fails
    )


def _checked_duration(argument: Emitted, place: Place) -> None:
    """A constant is checked here, so that a typing error is found before anything is published."""
    if not isinstance(argument.code, ast.Constant):
        return
    try:
        operations.to_duration(argument.code.value)
    except NoValueError as error:
        raise place.error("this is not a duration; write it like 90s, 1h30m, 7d") from error
