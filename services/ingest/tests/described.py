"""Holds an answer of a look-up against what its description says of it."""

from __future__ import annotations

import json
from typing import Any

import msgspec
from jsonschema import Draft202012Validator, FormatChecker

from ingest.api.reference import describe_lookups

DOCUMENT = describe_lookups()


def as_described(path: str, status: int, told: object) -> None:
    """Raise ValidationError where the answer is not as the document says, to the last member."""
    response = DOCUMENT["paths"][path]["get"]["responses"][str(status)]
    schema: dict[str, Any] = {
        **response["content"]["application/json"]["schema"],
        "components": DOCUMENT["components"],
    }
    said = json.loads(msgspec.json.encode(told))
    Draft202012Validator(schema, format_checker=FormatChecker()).validate(said)
