"""How an operator names a person."""

from __future__ import annotations

from uuid import UUID

import pytest

from common.errors import PermanentError
from ingest.domain.identifiers import Identifier
from ingest.domain.references import Reference, parse_reference


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("user:u1", Identifier("user", "u1")),
        ("user:hubspot:7", Identifier("user", "hubspot:7")),
        ("anon:a1", Identifier("anonymous", "a1")),
        ("email: Ada@Example.com", "ada@example.com"),
        ("phone:+49 170 1234567", Identifier("phone", "+491701234567")),
        ("loyalty_card:L1", Identifier("loyalty_card", "L1")),
        ("00000000-0000-0000-0000-000000000007", UUID(int=7)),
    ],
)
def test_a_person_may_be_named_by_any_id(text: str, meant: Reference) -> None:
    assert parse_reference(text) == meant


@pytest.mark.parametrize("text", ["", "ada", "user:", "Loyalty Card:1", "user:a\0b"])
def test_what_names_nobody_is_refused(text: str) -> None:
    with pytest.raises(PermanentError, match="bad_reference"):
        parse_reference(text)
