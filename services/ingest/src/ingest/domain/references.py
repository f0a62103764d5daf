"""How an operator names a person: `<uuid>`, `user:ID`, `anon:ID` or `email:ADDRESS`."""

from __future__ import annotations

from uuid import UUID

from common.errors import PermanentError
from ingest.domain.identifiers import Identifier, identifier

Reference = UUID | Identifier | str
"""A profile id, an identifier, or (as plain text) a mail address."""


def parse_reference(text: str) -> Reference:
    """Read a reference.

    Raises:
        PermanentError: `bad_reference`.
    """
    kind, _, value = text.partition(":")
    if value and "\0" not in value:
        if kind == "user":
            return identifier("user", value)
        if kind == "anon":
            return identifier("anonymous", value)
        if kind == "email":
            return value.strip().lower()
    try:
        return UUID(text)
    except ValueError as error:
        raise PermanentError(
            "bad_reference", "expected <uuid>, user:ID, anon:ID or email:ADDRESS"
        ) from error
