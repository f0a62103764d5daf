"""The description of the look-ups: complete, valid, and told to whoever asks."""

from __future__ import annotations

from typing import Any

import pytest
from jsonschema import Draft202012Validator, ValidationError

from common.configuration import Configuration
from common.telemetry import Request
from ingest.api.lookups import Lookups
from ingest.api.reference import description
from ingest.api.sources import Sources
from services.ingest.tests.described import DOCUMENT, as_described


def test_every_route_is_described() -> None:
    nothing: Any = None  # it lists its routes before it looks anything up
    lookups = Lookups(nothing, Configuration, nothing, nothing, nothing, None)
    routes = {**lookups.routes(), **Sources(nothing, Configuration, nothing, None).routes()}

    assert set(DOCUMENT["paths"]) == set(routes)


async def test_it_is_told_without_a_key() -> None:
    ((path, handler),) = description().items()

    assert path == "/openapi.json"
    assert await handler(Request({}, {}, {})) == (200, DOCUMENT)


@pytest.mark.parametrize("name", DOCUMENT["components"]["schemas"])
def test_its_schemas_are_schemas(name: str) -> None:
    Draft202012Validator.check_schema(DOCUMENT["components"]["schemas"][name])


def test_what_is_not_described_is_noticed() -> None:
    as_described("/v1/identifiers/shared", 200, {"identifiers": []})
    with pytest.raises(ValidationError):
        as_described("/v1/identifiers/shared", 200, {"identifiers": [], "more": 1})
    with pytest.raises(ValidationError):
        as_described("/v1/sources", 200, {"as_of": "2026-01-01T00:00:00Z", "sources": [{}]})
