"""How people are told apart: identifiers of a kind, in a form that an index can hold."""

from __future__ import annotations

import hashlib
from typing import Literal, NamedTuple

IdentifierKind = Literal["user", "anonymous"]

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
