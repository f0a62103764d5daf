"""What only a cluster can suffer: a leader lost, and a node that the other two no longer hear."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from tests.fault.actions import ACTIONS, Stack, fitting, leaders, running_stack
from tests.fault.actions.trickle import Trickle

pytestmark = pytest.mark.long

SERVICES = ("ingest-api", "ingest-resolve", "scoring-consume", "orchestrator-api")


@pytest.fixture(scope="module")
def stack(shared_folder: Path) -> Iterator[Stack]:
    with running_stack(shared_folder, kafka_nodes=3, services=SERVICES) as running:
        yield running


@pytest.fixture(scope="module")
def trickle(stack: Stack) -> Trickle:
    return Trickle(stack)


@pytest.mark.parametrize("name", [n for n, a in ACTIONS.items() if "three_nodes" in a.needs])
def test_the_cluster_bears(stack: Stack, trickle: Trickle, name: str) -> None:
    assert ACTIONS[name] in fitting(stack)
    with trickle.running():
        happened = ACTIONS[name](stack, Random(11))  # noqa: S311  no secret
        stack.until_ready()

    assert happened.what.startswith("kafka")
    trickle.until_known(("ingest", "scoring"))


def test_a_lost_leader_leads_no_more(stack: Stack) -> None:
    name = stack.nodes[leaders(stack, "ingest.events")[0] - 1]
    stack.stop(name)
    stack.until(
        "another leader",
        lambda: stack.nodes[leaders(stack, "ingest.events")[0] - 1] != name,
    )

    stack.start(name)
    stack.until_ready()
