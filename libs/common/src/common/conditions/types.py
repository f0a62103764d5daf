"""The types of the language: scalars, lists, maps and declared objects."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Type:
    """A type by its name in messages."""

    name: str


BOOL = Type("bool")
INT = Type("int")
DOUBLE = Type("double")
STRING = Type("string")
NULL = Type("null")
TIMESTAMP = Type("timestamp")
DURATION = Type("duration")
DYN = Type("dyn")
"""Known only when evaluated, such as an event's properties."""

NUMBERS = (INT, DOUBLE)
ORDERED = (BOOL, INT, DOUBLE, STRING, TIMESTAMP, DURATION)


@dataclass(frozen=True, slots=True)
class ListOf(Type):
    """A list of one type of element."""

    element: Type

    def __init__(self, element: Type) -> None:
        object.__setattr__(self, "name", f"list({element.name})")
        object.__setattr__(self, "element", element)


@dataclass(frozen=True, slots=True)
class MapOf(Type):
    """A map from text to one type of value."""

    value: Type

    def __init__(self, value: Type) -> None:
        object.__setattr__(self, "name", f"map(string, {value.name})")
        object.__setattr__(self, "value", value)


@dataclass(frozen=True, slots=True)
class Field:
    """A declared field of an object."""

    type: Type
    nullable: bool = False
    attribute: str = ""
    """What it is called in Python, where that differs."""


@dataclass(frozen=True, slots=True)
class ObjectOf(Type):
    """An object with declared fields, read as Python attributes."""

    fields: Mapping[str, Field] = field(hash=False)


def joined(one: Type, other: Type) -> Type | None:
    """The type of a value that may be either; None where they have nothing in common."""
    if one == other:
        return one
    if DYN in {one, other}:
        return DYN
    if one == NULL:
        return other
    return one if other == NULL else None


def comparable(one: Type, other: Type) -> bool:
    """Whether `==` between them can ever be true."""
    if isinstance(one, ListOf) and isinstance(other, ListOf):
        return comparable(one.element, other.element)
    if isinstance(one, MapOf) and isinstance(other, MapOf):
        return comparable(one.value, other.value)
    return joined(one, other) is not None or (one in NUMBERS and other in NUMBERS)
