"""What a change would have done is told of the past of a running stack, and nothing comes of asking."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from tests.e2e.stack import ROOT, Stack, eventually
from tests.e2e.test_main_chain import fill_cart, say

ASK = ("playbooks", "replay", "cart_abandonment")


def test_the_past_of_a_stack_is_proved_and_what_would_have_been_is_told(
    stack: Stack, tmp_path: Path
) -> None:
    fill_cart(stack, "e2e-hanna", "hanna@example.com")
    [mail] = eventually("the reminder", lambda: stack.mails("hanna@example.com"), 40)
    say(stack, "e2e-hanna", "Order Completed", {"order_id": "hanna-1"})
    for folder in ("workspaces", "playbooks", "models"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    journey = tmp_path / "playbooks/cart_abandonment/journey.yaml"
    purpose = "exit_when:\n"
    mute = "exit_when:\n  - {when: 'true', reason: nobody}\n"
    journey.write_text(journey.read_text().replace(purpose, mute, 1))

    proved = json.loads(stack.cuestream(*ASK, "--workspace", "demo", "--json"))
    told = stack.cuestream(*ASK, str(tmp_path), "--workspace", "demo")
    asked = json.loads(stack.cuestream(*ASK, str(tmp_path), "--workspace", "demo", "--json"))

    assert proved["identical"] is True
    assert proved["digest_recorded"] == proved["digest_replayed"]
    assert proved["decisions"] >= 1
    comparison = asked["comparison"]
    assert comparison["sends_before"] >= comparison["removed"] >= 1
    assert comparison["sends_after"] == 0
    assert "reminder by email, now cancelled: nobody" in told
    assert [one["ID"] for one in stack.mails("hanna@example.com")] == [mail["ID"]]
    stack.cuestream(*ASK, str(tmp_path), "--live", exit_code=2)
