"""docs/identity.md says what the rules are; each of its tests exists, and its example can be read."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest
import yaml

from common.configuration import Identity
from common.configuration.workspace import Brand, Source, Workspace
from ingest.consumer import rules_of
from ingest.domain.identifiers import Identifier
from ingest.domain.people import KindRule

PAGE = Path("docs/identity.md").read_text("utf-8")
HERE = Path(__file__).parent


def example() -> Identity:
    (text,) = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    return Identity.model_validate(yaml.safe_load(text)["identity"])


def test_every_rule_of_the_page_has_its_test() -> None:
    tests = "".join(file.read_text("utf-8") for file in HERE.glob("test_*.py"))
    named = re.findall(r"`(test_\w+)`", PAGE)

    assert len(named) == 7
    assert [name for name in named if f"def {name}(" not in tests] == []


def test_the_pages_example_becomes_the_folds_rules() -> None:
    workspace = Workspace(
        name="demo",
        sources={
            "site": Source(kind="browser", key_sha256=("0" * 64,), origins=("https://s.example",)),
            "crm": Source(kind="hubspot", secrets=("HUBSPOT_SECRET",)),
            "shop": Source(kind="shopify", secrets=("SHOPIFY_SECRET",), ids="shared"),
        },
        brand=Brand(name="Shop", url="https://s.example", imprint="Shop"),
        locales=("de",),
        identity=example(),
    )
    rules = rules_of(workspace)

    assert list(rules.kinds) == ["customer_number", "loyalty_card", "email", "phone"]
    assert rules.kinds["loyalty_card"] == KindRule(4, timedelta(days=90))
    assert rules.kinds["customer_number"].single
    assert rules.never == {Identifier("email", "info@nordlicht.example")}
    assert (set(rules.unproven), set(rules.registers), rules.region) == ({"site"}, {"crm"}, "DE")


@pytest.mark.parametrize(
    "section",
    [
        {"identifiers": ["user"]},
        {"identifiers": ["email", "email"]},
        {"identifiers": [{"kind": "email", "at_most": 0}]},
        {"devices": {"at_most": 5, "per": "0s"}},
        {"never": ["nobody"]},
        {"region": "Germany"},
    ],
)
def test_what_makes_no_sense_is_refused(section: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="validation error"):
        Identity.model_validate(section)
