"""The Kafka nodes of a stack as programs of the supervisor: one, or three that survive the loss of any."""

from __future__ import annotations

from collections.abc import Iterator

from cuestream.failures import UsageError
from cuestream.settings import inherited_environment
from cuestream.stack.child import Program
from cuestream.stack.endpoints import Addresses, controller
from cuestream.stack.events import Downloading, Report, Step
from cuestream.stack.kafka import KafkaNode, find_java, kafka_jars
from cuestream.stack.kafka.probe import live_brokers
from cuestream.stack.launch import Command
from cuestream.stack.layout import Layout, node_name
from cuestream.stack.probes import in_thread
from cuestream.stack.proxy import PROCESS

POSSIBLE = (1, 3)
"""Two nodes survive less than one does, and more than three show nothing that three do not."""


def how_many(layout: Layout, asked: int | None) -> int:
    """The number of nodes that was asked for, or for which this folder was made; 1 for a new one.

    Raises:
        UsageError: another number was asked for than the folder has, or one that makes no sense.
    """
    if asked is not None and asked not in POSSIBLE:
        raise UsageError(f"--kafka-nodes {asked} is not possible.", "Say 1 or 3.")
    made = sum(1 for number in range(1, max(POSSIBLE) + 1) if layout.kafka_node(number).exists())
    if asked is not None and made not in (0, asked):
        raise UsageError(
            f"Kafka's data in {layout.root} were made by {made} node{'s' * (made > 1)}, not {asked}.",
            "Leave --kafka-nodes away, or choose another folder with --data.",
        )
    return asked or made or 1


def kafka_programs(addresses: Addresses, report: Report) -> Iterator[Program]:
    """Every node; they find each other at the addresses that `addresses` gives."""
    voters = {
        number: addresses.front(controller(number)) for number in range(1, addresses.nodes + 1)
    }
    for number in voters:
        name = node_name(number)
        node = KafkaNode(
            data=addresses.layout.kafka_node(number),
            port=addresses.ports.give(name),
            voters=voters,
            node_id=number,
            controller_port=addresses.ports.give(controller(number)),
            told_port=addresses.front(name),
        )
        yield _program(name, node, addresses, report)


def _program(name: str, node: KafkaNode, addresses: Addresses, report: Report) -> Program:
    settings, log = addresses.settings, addresses.layout.log(name)

    def prepare() -> Command:
        java = find_java()
        jars = kafka_jars(
            settings.cache,
            maven_url=settings.maven_url,
            downloaded=lambda done, total: report(Downloading(done, total)),
        )
        if not node.is_formatted:
            report(Step(f"Formatting the folder of {name}"))
        node.prepare(java, jars)
        return node.command(java, jars, log, {**inherited_environment(), PROCESS: name})

    def serves() -> bool:
        return node.node_id in live_brokers(node.port)

    return Program(name, prepare, in_thread(serves), node.port)
