"""The schema for editors says what the reader of playbooks takes, no more and no less."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from common.configuration import load_playbooks
from common.documents import DocumentError
from docs.generator.journey_schema import OF_STEP, OF_TRIGGER, schema
from orchestrator.domain.playbook import parse_playbook
from orchestrator.domain.steps import STEPS
from orchestrator.domain.triggers import KINDS

ROOT = Path(__file__).parents[2]
SHIPPED = load_playbooks(ROOT)
VALIDATOR = Draft202012Validator(schema())
PAGE = (ROOT / "docs/playbooks.md").read_text("utf-8")
EXAMPLES = [one for one in re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL) if "steps:" in one]
JOURNEY = """\
purpose: marketing
trigger: TRIGGER
entry: {again: always}
steps: [STEP]
"""
KNOWN = re.compile(r"known: ([\w, ]+)")


def known_to_the_reader(trigger: str, step: str) -> set[str]:
    """The fields that the reader names when it meets one that it does not know."""
    text = JOURNEY.replace("TRIGGER", trigger).replace("STEP", step)
    with pytest.raises(DocumentError) as caught:
        parse_playbook("p", "v1", {"journey.yaml": text})
    found = [match[1] for match in map(KNOWN.search, [str(caught.value)]) if match]
    return {name.strip() for one in found for name in one.split(",")}


def properties(said: Any) -> set[str]:
    return set(said["properties"])


def test_every_kind_has_its_schema() -> None:
    assert OF_STEP.keys() == STEPS.keys()
    assert OF_TRIGGER.keys() == KINDS.keys()


@pytest.mark.parametrize("kind", [kind for kind, said in OF_STEP.items() if said.get("properties")])
def test_a_step_has_the_fields_that_are_read(kind: str) -> None:
    known = known_to_the_reader("{event: A}", f"{{{kind}: {{zzzzzzzz: 1}}}}")

    assert properties(OF_STEP[kind]) == known


@pytest.mark.parametrize("kind", OF_TRIGGER)
def test_a_trigger_has_the_fields_that_are_read(kind: str) -> None:
    known = known_to_the_reader(f"{{{kind}: 1d, zzzzzzzz: 1}}", "{wait: {for: 1h}}")

    assert properties(OF_TRIGGER[kind]) == known


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_playbook_fits(name: str) -> None:
    text = SHIPPED[name][0].files["journey.yaml"]

    assert [error.message for error in VALIDATOR.iter_errors(yaml.safe_load(text))] == []


@pytest.mark.parametrize("text", EXAMPLES)
def test_an_example_of_the_page_fits(text: str) -> None:
    assert [error.message for error in VALIDATOR.iter_errors(yaml.safe_load(text))] == []


@pytest.mark.parametrize(
    "edit",
    [
        ("again: per_key", "again: once"),
        ("channels: [email, sms, ads]", "channels: [mail]"),
        ("purpose: marketing", "purpose: ads"),
        ("- wait:", "- rest:"),
        ("expires_after: 24h", "expires_after: a day"),
        ("trigger: {event:", "trigger: {events:"),
    ],
)
def test_an_editor_sees_a_mistake(edit: tuple[str, str]) -> None:
    text = SHIPPED["cart_abandonment"][0].files["journey.yaml"]
    assert edit[0] in text

    assert list(VALIDATOR.iter_errors(yaml.safe_load(text.replace(*edit))))
