"""A real Kafka for as long as a `with` block lasts: for tests and benches."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from typing_extensions import override

from cuestream.settings import LocalSettings, inherited_environment
from cuestream.stack.foreground import Foreground
from cuestream.stack.kafka.broker import KafkaNode
from cuestream.stack.kafka.jars import kafka_jars
from cuestream.stack.kafka.java import find_java
from cuestream.stack.kafka.probe import live_brokers
from cuestream.stack.ports import free_port


class RunningKafka(Foreground):
    """A broker that can be killed and started again on the same port and data."""

    def __init__(self, node: KafkaNode, settings: LocalSettings) -> None:
        java, jars = find_java(), kafka_jars(settings.cache, maven_url=settings.maven_url)
        node.prepare(java, jars)
        super().__init__(
            "Kafka", node.command(java, jars, node.data / "kafka.log", inherited_environment())
        )
        self.bootstrap = node.bootstrap
        self._port = node.port

    @override
    def is_ready(self) -> bool:
        return bool(live_brokers(self._port))


@contextmanager
def start_kafka(data: Path, port: int | None = None) -> Iterator[RunningKafka]:
    """Run one node on `data` (kept afterwards), on a free port unless one is named.

    Raises:
        UnreachableError: the jars cannot be had, or the broker did not come up.
    """
    port = port or free_port()
    node = KafkaNode(data=data, port=port, voters={1: free_port(taken={port})})
    with RunningKafka(node, LocalSettings()) as kafka:
        yield kafka
