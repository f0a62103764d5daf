"""Three Kafka nodes: a cluster that survives the loss of any, behind a proxy that can take one away."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from cuestream.failures import UsageError
from cuestream.settings import inherited_environment
from cuestream.stack.kafka.probe import live_brokers
from cuestream.stack.layout import Layout
from cuestream.stack.nodes import how_many
from cuestream.stack.proxy import Links
from deploy.local.tests.stacks import Stack, Starter, programs, told, until

NAMES = ("kafka", "kafka-2", "kafka-3")


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    environment = inherited_environment()
    for name in ("KAFKA_BOOTSTRAP_SERVERS", "DATABASE_URL"):
        environment.pop(name, None)
    with programs() as folder, Starter(folder, environment).stack(nodes=3, proxied=True) as stack:
        stack.until_up()
        yield stack


def known_to(stack: Stack, name: str) -> frozenset[int]:
    return live_brokers(stack.of(name).port or 0)


@pytest.mark.fault
def test_a_killed_node_is_missed_and_comes_back(stack: Stack) -> None:
    assert known_to(stack, "kafka") == {1, 2, 3}
    stack.order("stop", "kafka-2")
    until(lambda: known_to(stack, "kafka") == known_to(stack, "kafka-3") == {1, 3})

    stack.order("start", "kafka-2")
    os.kill(stack.of("kafka-3").pid or 0, signal.SIGKILL)
    until(lambda: stack.came_back("kafka-3"))
    until(lambda: known_to(stack, "kafka") == {1, 2, 3})


@pytest.mark.fault
def test_the_services_meet_kafka_and_postgres_at_the_proxy(stack: Stack) -> None:
    endpoints = stack.order("status").endpoints
    env = told(endpoints["ingest"])

    fronts = env["KAFKA_BOOTSTRAP_SERVERS"].split(",")
    assert len({*fronts, *endpoints["kafka"].split(",")}) == 6
    assert env["CUESTREAM_REPLICATION_FACTOR"] == "3"
    assert env["CUESTREAM_PROCESS"] == "ingest-api"
    assert env["DATABASE_URL"].rpartition(":")[2] != endpoints["postgres"].rpartition(":")[2]
    assert live_brokers(int(fronts[0].rpartition(":")[2])) == {1, 2, 3}


@pytest.mark.fault
def test_a_node_that_is_cut_off_is_no_longer_of_the_cluster(stack: Stack) -> None:
    links = Links(stack.of("proxy").port or 0)
    for other in NAMES[:2]:
        links.stall("kafka-3", other)
        links.stall(other, "kafka-3")
    until(lambda: known_to(stack, "kafka") == {1, 2})

    links.heal()
    until(lambda: known_to(stack, "kafka") == known_to(stack, "kafka-3") == {1, 2, 3})


def test_a_folder_keeps_its_number_of_nodes(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    assert how_many(layout, None) == 1
    assert how_many(layout, 3) == 3
    with pytest.raises(UsageError, match="--kafka-nodes 2"):
        how_many(layout, 2)

    for number in (1, 2, 3):
        layout.kafka_node(number).mkdir()
    assert how_many(layout, None) == 3
    with pytest.raises(UsageError, match="made by 3 nodes"):
        how_many(layout, 1)
