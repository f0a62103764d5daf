"""What is on the wire stays readable: the committed schemas are the published ones."""

from __future__ import annotations

import copy
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import jsonschema
import pytest

from common.contracts import Money, encode_event, event_bytes
from common.contracts.actions import ActionRequested, CartItem
from common.contracts.compatibility import breaking_changes, broken_types
from common.contracts.document import main, pages, published
from common.contracts.ingestion import EventAccepted
from common.contracts.payload import Payload
from common.contracts.profiles import ActivityRecorded
from common.contracts.schemas import all_schemas

TOPICS = Path(__file__).parents[2] / "docs/topics"
HOW = "run `.venv/bin/python -m common.contracts.document docs/topics` and commit what it writes"
NOW = datetime(2026, 1, 1, tzinfo=UTC)
REQUESTED = "action.requested.v1"


def changed(type_: str = REQUESTED) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    """The schema, a copy to spoil, and the copy's definition of the payload."""
    schema = all_schemas()[type_]
    spoilt = copy.deepcopy(schema)
    name = str(spoilt["$ref"]).rsplit("/", 1)[-1]
    return schema, spoilt, spoilt["$defs"][name]


def test_nothing_that_was_published_is_broken() -> None:
    assert broken_types(published(TOPICS), all_schemas()) == []


def test_the_pages_are_current() -> None:
    there = {path.name: path.read_text(encoding="utf-8") for path in TOPICS.iterdir()}

    assert there.keys() == pages().keys(), HOW
    for name, text in pages().items():
        assert there[name] == text, f"{name} is out of date: {HOW}"


def test_a_removed_field_breaks() -> None:
    old, new, definition = changed()
    del definition["properties"]["channel"]

    assert breaking_changes(old, new) == [
        "field `channel` was removed: keep it, or make a new version of the type"
    ]


def test_a_renamed_field_breaks() -> None:
    old, new, definition = changed()
    definition["properties"]["medium"] = definition["properties"].pop("channel")

    assert breaking_changes(old, new) == [
        "field `channel` was removed (renamed to `medium`?): keep it beside the new one"
    ]


def test_a_field_that_is_newly_required_breaks() -> None:
    old, new, definition = changed()
    definition["required"] = [*definition["required"], "due_at", "fresh"]
    definition["properties"]["fresh"] = {"type": "string"}

    assert breaking_changes(old, new) == [
        f"field `{name}` is newly required; old records may lack it: give it a default"
        for name in ("due_at", "fresh")
    ]


@pytest.mark.parametrize(
    ("field", "schema", "words"),
    [
        ("channel", {"type": "integer"}, "was string, is now only integer"),
        ("channel", {"type": "string", "format": "uuid"}, "was string, is now only string uuid"),
        ("channel", {"enum": ["email"]}, "may now only be one of email"),
        (
            "due_at",
            {"type": "string", "format": "date-time"},
            "or null, is now only string date-time",
        ),
        ("cart", {"type": "array", "items": {"type": "string"}}, "was object, is now only string"),
    ],
)
def test_a_narrowed_field_breaks(field: str, schema: dict[str, Any], words: str) -> None:
    old, new, definition = changed()
    definition["properties"][field] = schema

    (found,) = breaking_changes(old, new)
    assert f"field `{field}" in found
    assert words in found


def test_a_change_deep_inside_breaks() -> None:
    old, new, _ = changed()
    new["$defs"]["Money"]["properties"]["amount"] = {"type": "string"}
    del new["$defs"]["CartItem"]["properties"]["url"]

    assert breaking_changes(old, new) == [
        "field `cart[].price.amount` was integer, is now only string",
        "field `cart[].url` was removed: keep it, or make a new version of the type",
    ]


def test_a_value_that_may_no_longer_be_breaks() -> None:
    old, new, definition = changed("decision.made.v1")
    definition["properties"]["outcome"]["enum"].remove("deferred")

    assert breaking_changes(old, new) == ["field `outcome` may no longer be deferred"]


def test_a_removed_type_breaks() -> None:
    schemas = all_schemas()
    without = {name: schema for name, schema in schemas.items() if name != REQUESTED}

    assert broken_types(schemas, without) == [
        f"{REQUESTED}: the type was removed; old records still carry it"
    ]


def test_adding_and_widening_break_nothing() -> None:
    old, new, definition = changed()
    definition["properties"]["fresh"] = {"type": "string", "default": ""}
    definition["properties"]["channel"] = {"anyOf": [{"type": "string"}, {"type": "null"}]}
    definition["properties"]["delivery_id"] = {"type": "string"}
    definition["properties"]["cart"] = {}

    assert breaking_changes(old, new) == []


def test_a_breaking_change_is_not_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(tmp_path)]) == 0
    assert {path.name for path in tmp_path.iterdir()} == pages().keys()
    file = tmp_path / f"{REQUESTED}.json"
    schema = json.loads(file.read_text(encoding="utf-8"))
    schema["$defs"]["ActionRequested"]["properties"]["price"] = {"type": "integer"}
    file.write_text(json.dumps(schema), encoding="utf-8")

    assert main([str(tmp_path)]) == 1
    assert f"{REQUESTED}: field `price` was removed" in capsys.readouterr().err
    assert json.loads(file.read_text(encoding="utf-8")) == schema
    assert main([]) == 2


@pytest.mark.parametrize(
    "payload",
    [
        ActionRequested(
            delivery_id=UUID(int=1),
            decision_id=UUID(int=2),
            enrollment_id=UUID(int=3),
            playbook="cart_abandonment",
            version="abc",
            message="reminder",
            channel="email",
            purpose="marketing",
            expires_at=NOW,
            cart=(CartItem(product_id="p", price=Money(1, "EUR")),),
        ),
        ActivityRecorded(
            event_id=UUID(int=1),
            name="Product Added",
            source="shop",
            message_id="m",
            occurred_at=NOW,
            received_at=NOW,
            profile_version=1,
            properties={"product_id": "p", "more": [1, None]},
        ),
    ],
    ids=lambda payload: payload.TYPE,
)
def test_what_is_written_fits_its_schema(payload: Payload) -> None:
    event = encode_event(
        payload,
        id=UUID(int=7),
        source="/test",
        subject="s",
        time=NOW,
        workspace="default",
        correlationid=UUID(int=7),
    )
    document = json.loads(event_bytes(event))
    schemas = all_schemas()
    checker = jsonschema.Draft202012Validator.FORMAT_CHECKER

    jsonschema.validate(document, schemas["envelope"], format_checker=checker)
    jsonschema.validate(document["data"], schemas[payload.TYPE], format_checker=checker)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**document, "time": 7}, schemas["envelope"])


def test_every_schema_is_a_schema() -> None:
    for schema in all_schemas().values():
        jsonschema.Draft202012Validator.check_schema(schema)


def test_what_is_said_in_the_classes_is_said_in_the_schemas() -> None:
    accepted = all_schemas()[EventAccepted.TYPE]["$defs"]["EventAccepted"]["properties"]

    assert accepted["source"]["description"] == "The source's name in the workspace."
    assert accepted["sent_at"]["anyOf"][0]["format"] == "date-time"
