"""The types of the language: scalars, lists, maps and declared objects."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final


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
NUMBER = Type("number")
"""Whole or not: JSON does not tell 1 from 1.0."""
DYN = Type("dyn")
"""Known only when evaluated, such as a property that is in no vocabulary."""

NUMBERS = (INT, DOUBLE, NUMBER)
ORDERED = (BOOL, *NUMBERS, STRING, TIMESTAMP, DURATION)


@dataclass(frozen=True, slots=True)
class ListOf(Type):
    """A list of one type of element."""

    element: Type

    def __init__(self, element: Type) -> None:
        object.__setattr__(self, "name", f"list({element.name})")
        object.__setattr__(self, "element", element)


@dataclass(frozen=True, slots=True)
class MapOf(Type):
    """A map from one type of key to one type of value."""

    value: Type
    key: Type

    def __init__(self, value: Type, key: Type = STRING) -> None:
        object.__setattr__(self, "name", f"map({key.name}, {value.name})")
        object.__setattr__(self, "value", value)
        object.__setattr__(self, "key", key)


class _Unknown:
    """The value of a field that is only known when a condition is evaluated."""


UNKNOWN: Final = _Unknown()


@dataclass(frozen=True, slots=True)
class Field:
    """A declared field of an object."""

    type: Type
    nullable: bool = False
    promised: bool = False
    """Somebody says that it is there; where it is missing all the same, what needs it has no value."""
    attribute: str = ""
    """What it is called in Python, where that differs."""
    says: str = ""
    """What a marketer reads about it."""
    constant: object = UNKNOWN
    """Its value, where that is known when a condition is compiled, such as a playbook's parameter."""


@dataclass(frozen=True, slots=True)
class ObjectOf(Type):
    """An object with declared fields, read as Python attributes or, where it is a map, as its entries."""

    fields: Mapping[str, Field] = field(hash=False)
    of_map: bool = False
    is_open: bool = False
    """Whether it may have other fields, too."""


def joined(one: Type, other: Type) -> Type | None:
    """The type of a value that may be either; None where they have nothing in common."""
    if one == other:
        return one
    if DYN in {one, other}:
        return DYN
    if one in NUMBERS and other in NUMBERS and NUMBER in {one, other}:
        return NUMBER
    if one == NULL:
        return other
    return one if other == NULL else None


def comparable(one: Type, other: Type) -> bool:
    """Whether `==` between them can ever be true."""
    if isinstance(one, ListOf) and isinstance(other, ListOf):
        return comparable(one.element, other.element)
    if isinstance(one, MapOf) and isinstance(other, MapOf):
        return comparable(one.value, other.value) and comparable(one.key, other.key)
    return joined(one, other) is not None or (one in NUMBERS and other in NUMBERS)
