"""Every example of docs/conditions.md is a condition, and says what the page says of it."""

from __future__ import annotations

import re
from pathlib import Path
from textwrap import dedent

import pytest

from common.conditions import ConditionError, compile_condition
from common.customer import ROOTS
from orchestrator.domain.playbook import parse_playbook

PAGE = (Path(__file__).parents[4] / "docs/conditions.md").read_text("utf-8")
EXAMPLES = [
    line
    for block in re.findall(r"```cel\n(.*?)```", PAGE, re.DOTALL)
    for line in block.splitlines()
]


@pytest.mark.parametrize("text", EXAMPLES)
def test_an_example_compiles(text: str) -> None:
    compile_condition(text, ROOTS)


def test_what_the_page_says_is_refused_is_refused() -> None:
    assert '`customer.country < "E"` alone is refused' in PAGE
    with pytest.raises(ConditionError, match="may be missing"):
        compile_condition('customer.country < "E"', ROOTS)


def test_the_playbook_of_the_page_is_read() -> None:
    [block] = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    rest = dedent("""\
        purpose: marketing
        parameters: {least: {type: integer, default: 3}}
        entry: {again: always}
        steps:
          - propose: {message: thanks, channels: [email], expires_after: 24h}
        """)
    files = {"journey.yaml": block + rest, "templates/thanks.email.en.liquid": ""}

    journey = parse_playbook("thanks", "v1", files, plan={})

    assert [exit_.when is not None for exit_ in journey.exits] == [True, True]
