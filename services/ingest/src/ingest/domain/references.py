"""How an operator names a person: `<uuid>`, `user:ID`, `anon:ID`, `email:ADDRESS`, or by any other id, such as `phone:NUMBER`."""

from __future__ import annotations

import re
from uuid import UUID

from common.errors import PermanentError
from ingest.domain.forms import phone_of
from ingest.domain.identifiers import Identifier, identifier

_KIND = re.compile(r"[a-z][a-z0-9_]{0,39}")

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
        if kind == "phone":
            return identifier("phone", phone_of(value) or value)
        if _KIND.fullmatch(kind):
            return identifier(kind, value)
    try:
        return UUID(text)
    except ValueError as error:
        raise PermanentError(
            "bad_reference", "expected <uuid>, user:ID, anon:ID, email:ADDRESS or KIND:ID"
        ) from error
