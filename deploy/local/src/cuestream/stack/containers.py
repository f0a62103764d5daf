"""Kafka and PostgreSQL from their official images, where a Docker engine answers (tests only)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import docker  # type: ignore[import-untyped]  # it ships no types
from docker.errors import DockerException  # type: ignore[import-untyped]  # it ships no types
from testcontainers.core.container import DockerContainer

from cuestream.failures import UnreachableError
from cuestream.stack.foreground import wait_until
from cuestream.stack.kafka.broker import KafkaNode
from cuestream.stack.kafka.jars import VERSION
from cuestream.stack.kafka.probe import live_brokers
from cuestream.stack.ports import LOOPBACK, free_port
from cuestream.stack.postgres.roles import run_psql


def engine_answers() -> bool:
    """True when containers can be started here."""
    try:
        client = docker.from_env()
        try:
            return bool(client.ping())
        finally:
            client.close()
    except DockerException:
        return False


@contextmanager
def kafka_container() -> Iterator[str]:
    """The bootstrap address of a broker with the same settings as the embedded one."""
    port = free_port()
    node = KafkaNode(data=Path("/tmp/kafka"), port=port, voters={1: 9093})  # noqa: S108  in the container
    container = DockerContainer(f"apache/kafka:{VERSION}").with_bind_ports(port, port)
    for line in (
        node.properties().replace(f"PLAINTEXT://{LOOPBACK}", "PLAINTEXT://0.0.0.0", 1).splitlines()
    ):
        name, _, value = line.partition("=")
        container = container.with_env(f"KAFKA_{name.upper().replace('.', '_')}", value)
    with container:
        wait_until("Kafka's container", lambda: bool(live_brokers(port)))
        yield f"{LOOPBACK}:{port}"


@contextmanager
def postgres_container() -> Iterator[str]:
    """The superuser's URL of a server that trusts this machine."""
    port = free_port()
    container = (
        DockerContainer("postgres:18")
        .with_env("POSTGRES_HOST_AUTH_METHOD", "trust")
        .with_bind_ports(5432, port)
        .with_command("postgres -c max_connections=200")
    )
    url = f"postgresql://postgres@{LOOPBACK}:{port}/postgres"

    def answers() -> bool:
        try:
            return run_psql(url, "SELECT 1") == "1"
        except UnreachableError:
            return False

    with container:
        wait_until("PostgreSQL's container", answers)
        yield url
