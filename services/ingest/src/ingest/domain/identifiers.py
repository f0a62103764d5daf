"""How people are told apart: identifiers of a kind, in a form that an index can hold."""

from __future__ import annotations

import hashlib
from typing import Final, NamedTuple

IdentifierKind = str
"""`user` and `anonymous`, which every call has; `email` and `phone`; or the type of an external id, such as `loyalty_card`."""

USER: Final = "user"
ANONYMOUS: Final = "anonymous"
EMAIL: Final = "email"
PHONE: Final = "phone"

_LONGEST = 256
"""Bytes; PostgreSQL's index entries end at 2,704."""


class Identifier(NamedTuple):
    """One id that a source gave a person."""

    kind: IdentifierKind
    value: str


def identifier(kind: IdentifierKind, value: str) -> Identifier:
    """The identifier; an overlong one is represented by its SHA-256, so that it still tells people apart."""
    if len(value.encode()) <= _LONGEST:
        return Identifier(kind, value)
    return Identifier(kind, "sha256:" + hashlib.sha256(value.encode()).hexdigest())


def text_of(value: object) -> str | None:
    """An identifier as text; numbers are taken too, as some clients send them. None for anything else."""
    if isinstance(value, str):
        return value or None
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return str(value)
    return None
