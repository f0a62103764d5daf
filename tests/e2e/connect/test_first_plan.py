"""The command of docs/connect/tracking-plan.md makes, of what the page sends, the plan that the page shows.

How the page's plan judges the page's request is asked in `services/ingest/tests/unit/test_connect_pages.py`.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
import yaml

from tests.compat.tools import Node
from tests.e2e.connect.pages import Block, blocks
from tests.e2e.connect.reader import Reader
from tests.e2e.stack import Stack

_, _, COMMAND, EVENTS, PLAN = blocks("tracking-plan.md")
NAME = "Fitting Booked"


@pytest.mark.usefixtures("shop")
def test_the_first_plan_is_made_of_what_arrived(
    stack: Stack, node: Callable[[], Node], tmp_path: Path
) -> None:
    # A folder of its own: what is written into the shop's would be in force with the next `cuestream apply`.
    (tmp_path / ".cuestream").symlink_to(stack.data)
    reader, shown = Reader(stack, tmp_path, node), yaml.safe_load(PLAN.text)
    reply = httpx.post(
        f"{stack.endpoints['ingest']}/v1/batch",
        auth=("cs_s_default", ""),
        json={"batch": json.loads(EVENTS.text)},
    )
    assert reply.json()["accepted"] == 2

    reader.does(COMMAND)
    file = tmp_path / "tracking/default.yaml"
    plan = yaml.safe_load(file.read_text())
    # Pages that were read before have sent other events.
    assert {**plan, "events": {NAME: plan["events"][NAME]}} == shown

    file.unlink()
    narrowed = COMMAND.text.strip() + " --since 7d --source shop"
    reader.does(Block("sh", narrowed))
    assert yaml.safe_load(file.read_text())["events"][NAME] == shown["events"][NAME]
