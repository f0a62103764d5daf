"""The functions and methods of the language."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from common.conditions.emitted import Emitted, call
from common.conditions.errors import NoValueError
from common.conditions.lexer import Place
from common.conditions.operations.patterns import compiled_pattern
from common.conditions.operations.times import to_duration, to_timestamp, zone_of
from common.conditions.scope import Scope
from common.conditions.types import (
    BOOL,
    DOUBLE,
    DURATION,
    DYN,
    INT,
    NUMBER,
    STRING,
    TIMESTAMP,
    ListOf,
    MapOf,
    Type,
)

Takes = tuple[tuple[Type, ...], ...]
ANY = Type("anything")
LIST, MAP = Type("list"), Type("map")


@dataclass(frozen=True, slots=True)
class Making:
    """An argument that is made beforehand where it is a constant, and the sentence if it cannot be."""

    argument: int
    make: Callable[[Any], object]
    sentence: str


@dataclass(frozen=True, slots=True)
class Function:
    """One function: what it takes, what it gives, and the operation it becomes."""

    operation: str
    takes: Takes
    """Per argument the types it may have; a method's first is what it is called on."""
    gives: Type
    says: str
    optional: int = 0
    """How many of the last arguments may be left away."""
    converts: bool = False
    """A conversion has no value for much anyway; so it takes what may be missing, too."""
    checks: Making | None = None
    """What is made of a constant when the condition is compiled."""


_DURATION = "this is not a duration; write it like '90s', '1h30m' or '7d'"
_INSTANT = "this is not an instant; write it like '2026-11-27T08:00:00+01:00'"
_PATTERN = "this pattern cannot be used: it is wrong, too large, or looks around or back"
_ZONE = "there is no such time zone; write it like 'Europe/Berlin' or '+02:00'"

FUNCTIONS: Mapping[str, Function] = {
    "size": Function("size", ((STRING, LIST, MAP),), INT, "characters, elements or entries"),
    "int": Function(
        "to_int", ((INT, DOUBLE, NUMBER, STRING, TIMESTAMP),), INT,
        "a whole number, cut towards zero; of an instant the seconds since 1970", converts=True,
    ),
    "double": Function(
        "to_double", ((INT, DOUBLE, NUMBER, STRING),), DOUBLE, "a decimal number", converts=True
    ),
    "string": Function(
        "to_text", ((INT, DOUBLE, NUMBER, BOOL, STRING, TIMESTAMP, DURATION),), STRING, "text",
        converts=True,
    ),
    "bool": Function("to_bool", ((BOOL, STRING),), BOOL, "from `'true'` or `'false'`", converts=True),
    "duration": Function(
        "to_duration", ((STRING, DURATION),), DURATION, "such as `duration('2h')` or `duration('7d')`",
        converts=True, checks=Making(0, to_duration, _DURATION),
    ),
    "timestamp": Function(
        "to_timestamp", ((STRING, INT, TIMESTAMP),), TIMESTAMP,
        "an instant, such as `timestamp('2026-11-27T08:00:00+01:00')`",
        converts=True, checks=Making(0, to_timestamp, _INSTANT),
    ),
    "dyn": Function("to_dyn", ((ANY,),), DYN, "the value, its type checked when it is met", converts=True),
}  # fmt: skip

_GETTERS = {
    "getFullYear": "the year",
    "getMonth": "the month, 0 is January",
    "getDate": "the day of the month, from 1",
    "getDayOfMonth": "the day of the month, from 0",
    "getDayOfWeek": "the day of the week, 0 is Sunday",
    "getDayOfYear": "the day of the year, from 0",
    "getHours": "the hour, 0 to 23; of a duration all its hours",
    "getMinutes": "the minute; of a duration all its minutes",
    "getSeconds": "the second; of a duration all its seconds",
    "getMilliseconds": "the milliseconds within the second",
}
OF_DURATIONS = frozenset({"getHours", "getMinutes", "getSeconds", "getMilliseconds"})

METHODS: Mapping[str, Function] = {
    "size": FUNCTIONS["size"],
    "contains": Function("contains", ((STRING,), (STRING,)), BOOL, "whether the text is part of it"),
    "startsWith": Function("starts_with", ((STRING,), (STRING,)), BOOL, "whether it begins so"),
    "endsWith": Function("ends_with", ((STRING,), (STRING,)), BOOL, "whether it ends so"),
    "matches": Function(
        "matches", ((STRING,), (STRING,)), BOOL,
        "whether the regular expression is found in it; `^` and `$` are its ends",
        checks=Making(1, compiled_pattern, _PATTERN),
    ),
    **{
        name: Function(
            "part_of_time",
            ((TIMESTAMP, DURATION) if name in OF_DURATIONS else (TIMESTAMP,), (STRING,)),
            INT, f"{says}; in UTC, or in the zone that is named: `{name}('Europe/Berlin')`",
            optional=1, checks=Making(1, zone_of, _ZONE),
        )
        for name, says in _GETTERS.items()
    },
}  # fmt: skip
_SURE = frozenset({"length", "contains", "starts_with", "ends_with", "matches_pattern"})

OUT: Mapping[str, str] = {
    "uint": "unsigned numbers are not part of conditions; write int(…)",
    "bytes": "bytes are not part of conditions; compare text",
    "type": "types are checked when a playbook is read; compare the value",
    "optional": "optional values are not part of conditions; write has(…) ? … : …",
    "orValue": "optional values are not part of conditions; write has(…) ? … : …",
    "matches": "call it on the text: text.matches('pattern')",
    "exists": "call it on a list: items.exists(i, …)",
    "all": "call it on a list: items.all(i, …)",
}
"""What CEL has and conditions have not, each with what to write instead."""


def called(
    written: str,
    function: Function,
    arguments: list[tuple[Emitted, Place]],
    place: Place,
    scope: Scope,
) -> Emitted:
    """Check the arguments and call the operation.

    Raises:
        ConditionError: wrong types of arguments, one that may be missing, or a constant that is none.
    """
    _check_types(written, function, arguments, place)
    codes = [one.code for one, _ in arguments]
    if function.operation == "part_of_time":
        return _part_of_time(written, function, arguments, scope)
    if (made := _made_beforehand(function, arguments, scope)) is not None:
        position, constant = made
        if function.converts:
            return Emitted(constant, function.gives)
        codes[position] = constant
        return _sure("matches_pattern", function, codes, arguments)
    return _sure(function.operation, function, codes, arguments)


def _check_types(
    written: str, function: Function, arguments: list[tuple[Emitted, Place]], place: Place
) -> None:
    for (argument, where), types in zip(arguments, function.takes, strict=False):
        if not any(_fits(argument.type, type_) for type_ in types):
            raise place.error(f"`{written}` is not defined for {argument.type.name}")
        if not function.converts:
            argument.present(where)


def _sure(
    operation: str,
    function: Function,
    codes: list[ast.expr],
    arguments: list[tuple[Emitted, Place]],
) -> Emitted:
    risky = any(one.risky for one, _ in arguments)
    if operation == "size" and not risky:
        operation = "length"
    fails = risky or operation not in _SURE
    return Emitted(call(operation, *codes), function.gives, fails=fails)


def _part_of_time(
    written: str, function: Function, arguments: list[tuple[Emitted, Place]], scope: Scope
) -> Emitted:
    if len(arguments) == 2 and arguments[0][0].type == DURATION:
        raise arguments[1][1].error("a duration has no time zone")
    made = _made_beforehand(function, arguments, scope)
    codes = [one.code for one, _ in arguments]
    if made is not None:
        codes[made[0]] = made[1]
    return Emitted(call("part_of_time", ast.Constant(written), *codes), INT, fails=True)


def _fits(type_: Type, wanted: Type) -> bool:
    if type_ == DYN or wanted in {type_, ANY}:
        return True
    return isinstance(type_, ListOf if wanted == LIST else MapOf) and wanted in {LIST, MAP}


def _made_beforehand(
    function: Function, arguments: list[tuple[Emitted, Place]], scope: Scope
) -> tuple[int, ast.expr] | None:
    """A constant is made here, so that a typing error is found before anything is published."""
    if function.checks is None or function.checks.argument >= len(arguments):
        return None
    made = function.checks
    emitted, place = arguments[made.argument]
    if not isinstance(emitted.code, ast.Constant):
        return None
    try:
        return made.argument, scope.constant(made.make(emitted.code.value))
    except (NoValueError, ValueError, OverflowError) as error:
        raise place.error(made.sentence) from error
