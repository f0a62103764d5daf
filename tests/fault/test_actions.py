"""Each named fault happens to a real stack, which serves again afterwards and knows everybody whom it answered."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from random import Random

import pytest

from common.clock import utc_now
from cuestream.stack.proxy import Fault
from cuestream.stack.pytest_plugin import require
from tests.fault.actions import ACTIONS, STEPS, Stack, Step, fitting, running_stack
from tests.fault.actions.disk import NAME, refusal
from tests.fault.actions.trickle import Trickle
from tests.fault.inside.libfaketime import library

# The histories have every one of these, too, and prove more; here each is seen by itself.
pytestmark = pytest.mark.long

DISK_BYTES = 1 << 30
OTHERS = [name for name, action in ACTIONS.items() if "three_nodes" not in action.needs]


@pytest.fixture(scope="module")
def stack(shared_folder: Path) -> Iterator[Stack]:
    disk = DISK_BYTES if refusal() is None else None
    with running_stack(shared_folder, scale={"scoring-consume": 2}, small_disk=disk) as running:
        yield running


@pytest.fixture(scope="module")
def trickle(stack: Stack) -> Trickle:
    return Trickle(stack)


@pytest.mark.parametrize("name", OTHERS)
def test_the_stack_bears(stack: Stack, trickle: Trickle, name: str) -> None:
    action = ACTIONS[name]
    if "small_disk" in action.needs and stack.disk is None:
        require(NAME, refusal() or "")
    if "faketime" in action.needs and library() is None:
        require("libfaketime", "not installed (Debian's package faketime)")
    assert action in fitting(stack)

    with trickle.running():
        stack.pause(0.5)  # so that it happens to somebody
        happened = action(stack, Random(7))  # noqa: S311  no secret
        stack.until_ready()

    assert happened.action == name
    assert happened.what
    assert happened.began < happened.ended
    trickle.until_known()
    assert stack.links.open()


@pytest.mark.parametrize("step", STEPS)
def test_a_kill_behind_every_step_is_borne(stack: Stack, trickle: Trickle, step: Step) -> None:
    pid = stack.pid("ingest-resolve")
    with trickle.running():
        stack.arm("ingest-resolve", step, 3)
        stack.until(f"the strike at {step}", lambda: not stack.orders.armed("ingest-resolve"))
        stack.until(
            "another process", lambda: stack.process("ingest-resolve").pid not in (pid, None)
        )
        stack.until_ready()

    trickle.until_known()


def test_a_wrong_clock_is_the_clock_of_one_process_alone(stack: Stack) -> None:
    if library() is None:
        require("libfaketime", "not installed (Debian's package faketime)")
    stack.clock("dispatcher-api", 3600)
    stack.clock("dispatcher-api", 0)  # the last line of the one before says that it is asked to end
    stack.restart("orchestrator-api")

    assert last_line_at(stack, "dispatcher-api") > utc_now() + timedelta(minutes=50)
    assert last_line_at(stack, "orchestrator-api") <= utc_now()


def test_only_the_link_that_is_cut_is_cut(stack: Stack) -> None:
    with stack.links.suffering("orchestrator-consume", "postgres", Fault(cut=True)):
        stack.until(
            "the others stay",
            lambda: {
                link.client for link in stack.links.open() if link.target == "postgres"
            }.isdisjoint({"orchestrator-consume"}),
        )
        assert any(link.client == "orchestrator-consume" for link in stack.links.open())
        assert any(link.target == "postgres" for link in stack.links.open())
    stack.until_ready()


def last_line_at(stack: Stack, name: str) -> datetime:
    """By the process's own clock."""
    line = stack.layout.log(name).read_text().splitlines()[-1]
    return datetime.fromisoformat(json.loads(line)["timestamp"])
