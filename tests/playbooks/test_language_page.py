"""Every example of docs/playbooks.md is a playbook that compiles, or a test that passes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from common.configuration import Release, load_directory
from cuestream.rehearsal import rehearse
from orchestrator.domain.checks import check_journey
from orchestrator.domain.playbook import parse_playbook
from orchestrator.domain.steps import STEPS
from orchestrator.domain.triggers import KINDS

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/playbooks.md").read_text("utf-8")
BLOCKS = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
TEMPLATES = {
    f"templates/{name}.email.de.liquid": name for name in ("reminder", "miss_you", "interest")
}
JOURNEYS = [block for block in BLOCKS if "scenarios:" not in block]
TESTS = [block for block in BLOCKS if "scenarios:" in block]


@pytest.mark.parametrize("text", JOURNEYS)
def test_a_journey_of_the_page_compiles_and_raises_no_alarm(text: str) -> None:
    journey = parse_playbook("page", "v1", {"journey.yaml": text, **TEMPLATES}, plan={})

    # The templates are those of all the examples.
    assert [flaw for flaw in check_journey(journey) if flaw.rule != "unused_template"] == []


@pytest.mark.parametrize("text", TESTS)
def test_a_test_of_the_page_passes(text: str) -> None:
    [workspace, *_] = load_directory(ROOT).items()
    release = Release(workspace[0], 1, workspace[1])
    [content] = [one for one in release.all("playbook") if one.name == "cart_abandonment"]

    assert rehearse(content, release, {"test_page.yaml": text}).good


@pytest.mark.parametrize("kind", [*STEPS, *KINDS])
def test_every_kind_of_step_and_trigger_is_on_the_page(kind: str) -> None:
    assert f"`{kind}: " in PAGE or f"`{{{kind}: " in PAGE
