"""Faults that no process may pass over: a bug in every fold, and a log that was trimmed or made again."""

from __future__ import annotations

import json
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
    accept(stack)
    serves(stack, trickle)

    recreate_topic(stack, "ingest.events")
    assert trim_topic(stack, "ingest.events", 0) < max(begins)  # a tick or two came since
    stack.kill("ingest-resolve")
    stack.until("the alarm again", lambda: "log_changed" in readiness(stack, "ingest-resolve"), 60)
    accept(stack)
    serves(stack, trickle)


def accept(stack: Stack) -> None:
    """What the log no longer holds is lost; say so for every partition that stands still."""
    told = json.loads(stack.cuestream("positions", "show", "--json", exit_code=1))
    still = [place for place in told["partitions"] if place["alarm"]]
    assert still
    for place in still:
        stack.cuestream(
            "positions", "accept", place["loop"], str(place["partition"]), "ingest.events", "--yes"
        )
    stack.until("no alarm", lambda: "log_changed" not in readiness(stack, "ingest-resolve"))
    told = json.loads(stack.cuestream("positions", "show", "--json"))
    assert not [place["alarm"] for place in told["partitions"] if place["alarm"]]


def serves(stack: Stack, trickle: Trickle) -> None:
    """Who comes now is known, all of them; of those before, some were lost."""
    before, answered = known(stack), trickle.answered
    with trickle.running():
        stack.pause(3)
    new = trickle.answered - answered
    assert new > 0
    stack.until(f"the {new} are known", lambda: known(stack) >= before + new)


def known(stack: Stack) -> int:
    return int(stack.psql("SELECT count(*) FROM ingest.profiles"))


def readiness(stack: Stack, name: str) -> str:
    try:
        return httpx.get(f"http://127.0.0.1:{stack.port(name)}/readyz", timeout=2).text
    except httpx.HTTPError:
        return ""
