"""JSON Schemas of everything on the wire, from the classes that read and write it."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from itertools import pairwise
from typing import Any, get_args, get_type_hints

import msgspec

from common.contracts.envelope import Event
from common.contracts.index import payload_types
from common.contracts.payload import Payload

Schema = dict[str, Any]
DIALECT = "https://json-schema.org/draft/2020-12/schema"
ENVELOPE = "envelope"


def all_schemas() -> dict[str, Schema]:
    """By type, and the envelope under its own name."""
    found = {type_: payload_schema(cls) for type_, cls in payload_types().items()}
    return {ENVELOPE: envelope_schema(), **found}


def payload_schema(cls: type[Payload]) -> Schema:
    """The schema of one type's `data`."""
    schema = _schema_of(cls)
    return {"$schema": DIALECT, "title": cls.TYPE, "x-topics": list(cls.TOPICS), **schema}


def envelope_schema() -> Schema:
    """The schema of a record's value; `data` is told by the payload's own."""
    plain = msgspec.defstruct("Envelope", list(_envelope_fields()), kw_only=True)
    schema = msgspec.json.schema(plain)
    definition = schema["$defs"]["Envelope"]
    definition["description"] = inspect.getdoc(Event) or ""
    _describe(definition, Event)
    return {"$schema": DIALECT, "title": "CloudEvent", **schema}


def _envelope_fields() -> Iterator[tuple[str, Any] | tuple[str, Any, Any]]:
    for field in msgspec.structs.fields(Event):
        if field.name == "data":
            # Raw bytes to us, any JSON to a reader; its default cannot be shown.
            yield field.name, dict[str, Any]
        elif field.default is msgspec.NODEFAULT:
            yield field.name, field.type
        else:
            yield field.name, field.type, field.default


def _schema_of(cls: type[msgspec.Struct]) -> Schema:
    schema = msgspec.json.schema(cls)
    structs = {struct.__name__: struct for struct in _structs_in(cls)}
    for name, definition in schema["$defs"].items():
        if name in structs:
            _describe(definition, structs[name])
    return schema


def _structs_in(cls: type[msgspec.Struct]) -> Iterator[type[msgspec.Struct]]:
    """The class and every struct in its fields."""
    yield cls
    for hint in get_type_hints(cls).values():
        for part in _parts(hint):
            if isinstance(part, type) and issubclass(part, msgspec.Struct) and part is not cls:
                yield from _structs_in(part)


def _parts(hint: Any) -> Iterator[Any]:
    yield hint
    for argument in get_args(hint):
        yield from _parts(argument)


def _describe(definition: Schema, cls: type[msgspec.Struct]) -> None:
    """Add what the classes say and msgspec does not: instants, and the words under each field."""
    hints, words = get_type_hints(cls), _field_words(cls)
    for name, field in definition["properties"].items():
        if datetime in list(_parts(hints.get(name))):
            _each_string(field, lambda schema: schema.update(format="date-time"))
        if name in words:
            field["description"] = words[name]


def _each_string(schema: Schema, change: Callable[[Schema], None]) -> None:
    for part in [schema, *schema.get("anyOf", ())]:
        if part.get("type") == "string":
            change(part)


def _field_words(cls: type[msgspec.Struct]) -> Mapping[str, str]:
    """The text under each field, in the class and in those it comes from."""
    found: dict[str, str] = {}
    for base in reversed(cls.__mro__):
        if issubclass(base, msgspec.Struct) and base is not msgspec.Struct:
            tree = ast.parse(textwrap.dedent(inspect.getsource(base))).body[0]
            found |= dict(_words_in(tree))
    return found


def _words_in(tree: ast.stmt) -> Iterator[tuple[str, str]]:
    body = tree.body if isinstance(tree, ast.ClassDef) else []
    for field, text in pairwise(body):
        if (
            isinstance(field, ast.AnnAssign)
            and isinstance(field.target, ast.Name)
            and isinstance(text, ast.Expr)
            and isinstance(text.value, ast.Constant)
            and isinstance(text.value.value, str)
        ):
            yield field.target.id, " ".join(text.value.value.split())
