"""A tracking plan's file: what it says, and what is wrong with it, line by line."""

from __future__ import annotations

from pathlib import Path

import pytest

from common.configuration import ConfigurationError, load_directory
from common.configuration.tracking import compiled, parse_plan
from libs.common.tests.configuration.making import WORKSPACE

PLAN = """\
unknown_events: quarantine
violations: accept
events:
  Product Added:
    violations: flag
    schema:
      type: object
      required: [product_id]
      properties:
        product_id: {type: string}
  Cart Viewed:
    schema: {}
"""


def problems(text: str) -> list[str]:
    with pytest.raises(ConfigurationError) as caught:
        parse_plan("shop", text)
    return [problem.sentence() for problem in caught.value.problems]


def test_everything_that_a_plan_may_say_is_read() -> None:
    found = parse_plan("shop", PLAN)

    assert (found.unknown_events, found.violations) == ("quarantine", "accept")
    assert [event.violations for event in found.events.values()] == ["flag", None]
    assert found.events["Product Added"].properties["required"] == ["product_id"]


def test_by_default_nothing_is_turned_away() -> None:
    found = parse_plan("shop", "events: {A: {schema: {}}}\n")

    assert (found.unknown_events, found.violations) == ("accept", "flag")


@pytest.mark.parametrize(
    ("schema", "sentence"),
    [
        (
            "{properties: {a: {minimum: x}}}",
            "tracking/shop.yaml:3: events.A.schema.properties.a.minimum: no JSON Schema: ",
        ),
        ("{type: strin}", "tracking/shop.yaml:3: events.A.schema.type: no JSON Schema: "),
        ("{$ref: 'https://x.example/y'}", "https://x.example/y is not fetched"),
        ("{$ref: '#/$defs/x'}", "tracking/shop.yaml:3: events.A.schema: "),
        ("{pattern: '(?=a)b'}", 'is not a "regex"'),
        ("{const: 2026-01-01}", "no JSON Schema: "),
        ("[]", "tracking/shop.yaml:3: events.A.schema: this must be a mapping"),
    ],
)
def test_what_is_no_schema_is_named_with_its_place(schema: str, sentence: str) -> None:
    (found,) = problems(f"events:\n  A:\n    schema: {schema}\n")

    assert sentence in found


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("events: {}\n", "tracking/shop.yaml:1: events: at least 1 is needed"),
        (
            "unknown_event: flag\nevents: {A: {schema: {}}}\n",
            "tracking/shop.yaml:1: unknown_event: there is no such key; did you mean `unknown_events`?",
        ),
        (
            "violations: reject\nevents: {A: {schema: {}}}\n",
            "tracking/shop.yaml:1: violations: Input should be 'accept', 'flag' or 'quarantine'",
        ),
    ],
)
def test_a_mistake_is_named_with_file_line_and_path(text: str, sentence: str) -> None:
    assert problems(text) == [sentence]


def test_a_schema_may_refer_to_itself() -> None:
    schema = {"$defs": {"id": {"type": "string"}}, "properties": {"a": {"$ref": "#/$defs/id"}}}

    assert compiled(schema).is_valid({"a": "x"})
    assert not compiled(schema).is_valid({"a": 1})


def test_a_plan_travels_with_its_workspace(tmp_path: Path) -> None:
    for folder, text in (("workspaces", WORKSPACE), ("tracking", PLAN)):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "shop.yaml").write_text(text)

    plan, own = load_directory(tmp_path)["shop"]

    assert (plan.key.partition("@")[0], own.kind) == ("tracking_plan/shop", "workspace")
    assert plan.files == {"plan.yaml": PLAN}


def test_a_plan_that_no_workspace_follows_is_a_mistake(tmp_path: Path) -> None:
    (tmp_path / "workspaces").mkdir()
    (tmp_path / "workspaces/shop.yaml").write_text(WORKSPACE)
    (tmp_path / "tracking").mkdir()
    (tmp_path / "tracking/shopp.yaml").write_text(PLAN)

    with pytest.raises(ConfigurationError, match="did you mean `shop`") as caught:
        load_directory(tmp_path)
    assert caught.value.problems[0].file == "tracking/shopp.yaml"
