"""The tables of docs/conditions.md: what conditions may name, and their functions, macros and operators."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from common.conditions import DYN, Field, ListOf, MapOf, ObjectOf, Type
from common.conditions.functions import FUNCTIONS, METHODS, OUT, Function
from common.conditions.macros import MACROS
from common.customer import ROOTS
from common.customer.activities import PROPERTIES

_WORDS: Mapping[str, str] = {
    "int": "whole number",
    "double": "decimal number",
    "string": "text",
    "bool": "true or false",
    "dyn": "anything",
    "timestamp": "instant",
}


def tables() -> str:
    return "\n".join([*_fields(), "", *_properties(), "", *_functions(), "", *_out()]) + "\n"


def _fields() -> Iterator[str]:
    yield "## Fields\n"
    yield "| field | type | may be missing | |"
    yield "|---|---|---|---|"
    for name, root in ROOTS.items():
        yield from _field(name, root)


def _field(path: str, field: Field) -> Iterator[str]:
    type_ = field.type
    if not isinstance(type_, ObjectOf):
        yield _row(path, field)
    elif type_.of_map:
        yield f"| `{path}` | see below | – | what the source says of it |"
    else:
        if field.nullable and "." in path:
            yield _row(path, field)
        for name, inner in type_.fields.items():
            yield from _field(f"{path}.{name}", inner)
    if isinstance(type_, ListOf) and isinstance(type_.element, ObjectOf):
        for name, inner in type_.element.fields.items():
            yield from _field(f"{path}[…].{name}", inner)


def _row(path: str, field: Field) -> str:
    missing = "yes" if field.nullable else "–"
    return f"| `{path}` | {_called(field.type)} | {missing} | {field.says} |"


def _properties() -> Iterator[str]:
    yield "## Properties of events\n"
    yield "Each of them may be missing, unless the tracking plan requires it of the events that the trigger names.\n"
    yield "| type | `event.properties.…` |"
    yield "|---|---|"
    by_type: dict[str, list[str]] = {}
    for name, field in PROPERTIES.items():
        by_type.setdefault(_called(field.type), []).append(f"`{name}`")
    for called, names in by_type.items():
        yield f"| {called} | {', '.join(names)} |"


def _functions() -> Iterator[str]:
    yield "## Functions\n"
    yield "| written | of | gives | |"
    yield "|---|---|---|---|"
    for name, function in FUNCTIONS.items():
        yield f"| `{name}(…)` | {_taken(function)} | {_called(function.gives)} | {function.says} |"
    yield "| `has(a.b)` | field | true or false | whether it is there |"
    for name, function in METHODS.items():
        written = f"….{name}({'…' if len(function.takes) > 1 and not function.optional else ''})"
        yield f"| `{written}` | {_taken(function)} | {_called(function.gives)} | {function.says} |"
    for name, macro in MACROS.items():
        yield f"| `items.{name}(i, …)` | list, map | {_given(name)} | {macro.says} |"


def _given(macro: str) -> str:
    return "list" if macro in {"filter", "map"} else "true or false"


def _taken(function: Function) -> str:
    return ", ".join(_called(type_) for type_ in function.takes[0])


def _out() -> Iterator[str]:
    yield "## What CEL has and conditions have not\n"
    yield "| | instead |"
    yield "|---|---|"
    for name, instead in OUT.items():
        yield f"| `{name}` | {instead} |"


def _called(type_: Type) -> str:
    match type_:
        case ListOf() if isinstance(type_.element, ObjectOf):
            return f"list of {type_.element.name}s: {', '.join(type_.element.fields)}"
        case ListOf():
            return "list" if type_.element == DYN else f"list of {_called(type_.element)}s"
        case MapOf():
            return f"map to {_called(type_.value)}"
        case _:
            return _WORDS.get(type_.name, type_.name)
