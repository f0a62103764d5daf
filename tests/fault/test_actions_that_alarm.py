"""Faults that no process may pass over: a bug in every fold, and a log that was trimmed or made again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from random import Random

import httpx
import pytest

from tests.fault.actions import (
    Stack,
    fold_with_a_bug,
    leaders,
    recreate_topic,
    running_stack,
    trim_topic,
)
from tests.fault.actions.trickle import Trickle

SERVICES = ("ingest-api", "ingest-resolve", "orchestrator-api")


@pytest.fixture
def stack(folder: Path) -> Iterator[Stack]:
    with running_stack(folder, services=SERVICES) as running:
        yield running


def test_what_cannot_be_folded_or_read_on_stops_with_an_alarm(stack: Stack) -> None:
    trickle = Trickle(stack)
    with trickle.running():
        assert fold_with_a_bug(stack, Random(3)) == "ingest-resolve"  # noqa: S311  no secret
        stack.until_ready()
    assert "FuseBlownError" in stack.layout.log("ingest-resolve").read_text()

    with stack.stopped("ingest-resolve"), trickle.running():
        stack.pause(3)  # what comes in now it has not read
        begins = [trim_topic(stack, "ingest.events", p) for p in leaders(stack, "ingest.events")]
        stack.pause(1)
    assert max(begins) > 0
    stack.until("an alarm", lambda: "log_changed" in readiness(stack, "ingest-resolve"))

    recreate_topic(stack, "ingest.events")
    assert trim_topic(stack, "ingest.events", 0) == 0
    stack.kill("ingest-resolve")
    stack.until("the alarm again", lambda: "log_changed" in readiness(stack, "ingest-resolve"), 60)


def readiness(stack: Stack, name: str) -> str:
    try:
        return httpx.get(f"http://127.0.0.1:{stack.port(name)}/readyz", timeout=2).text
    except httpx.HTTPError:
        return ""
