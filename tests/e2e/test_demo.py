"""The demo's promises hold, also when a process is killed on the way."""

from __future__ import annotations

import json

import pytest

from tests.e2e.stack import Stack

NAMES = (
    "kafka",
    "postgres",
    "mailbox",
    "ingest-api",
    "ingest-resolve",
    "scoring-consume",
    "orchestrator-consume",
    "orchestrator-api",
    "dispatcher-consume",
    "dispatcher-send",
    "dispatcher-api",
)


def run(stack: Stack, name: str, seconds: int) -> None:
    printed = stack.cuestream(
        "demo", "--kill", name, "--at", f"{seconds // 3}s", "--seconds", str(seconds), "--json",
        seconds=seconds + 150,
    )  # fmt: skip
    summary = json.loads(printed)
    assert summary["abandoned"] > 0
    assert summary["reminders"] + summary["unknown"] == summary["abandoned"]
    broken = ("missing", "wrong_mails", "doubled", "sent_after_no")
    assert {name: summary[name] for name in broken} == dict.fromkeys(broken, 0)
    assert summary["triggers"] == summary["final_decisions"]


def test_the_promises_hold_when_the_sender_is_killed(stack: Stack) -> None:
    run(stack, "dispatcher-send", 30)


@pytest.mark.long
@pytest.mark.parametrize("name", NAMES)
def test_the_promises_hold_whatever_is_killed(stack: Stack, name: str) -> None:
    run(stack, name, 60)


@pytest.mark.long
def test_every_process_of_status_can_be_killed(stack: Stack) -> None:
    assert {process["name"] for process in stack.status()["processes"]} == set(NAMES)
