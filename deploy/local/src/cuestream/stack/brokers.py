"""Kafka, PostgreSQL and the mailbox as programs of the supervisor, unless they are already there."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from urllib.parse import urlsplit

import httpx

from cuestream.failures import UnreachableError
from cuestream.settings import inherited_environment
from cuestream.stack.child import Program
from cuestream.stack.endpoints import Addresses
from cuestream.stack.events import Downloading, Report, Step
from cuestream.stack.kafka import KafkaNode, find_java, kafka_jars
from cuestream.stack.kafka.probe import live_brokers
from cuestream.stack.launch import Command
from cuestream.stack.ports import LOOPBACK, accepts
from cuestream.stack.postgres import SERVICES, PostgresServer, create_database
from cuestream.stack.postgres.roles import with_database
from cuestream.stack.probes import http_probe, in_thread

_DATABASE = "cuestream"


def broker_programs(
    addresses: Addresses, client: httpx.AsyncClient, report: Report
) -> Iterator[Program]:
    """What has to be started here; tells `addresses` where Kafka is."""
    given = addresses.settings.kafka_bootstrap_servers
    if given is None:
        yield _kafka(addresses, report)
    else:
        addresses.kafka = given
    if addresses.settings.database_url is None:
        yield _postgres(addresses, report)
    yield _mailbox(addresses, client)


def check_given_kafka(addresses: Addresses) -> None:
    """Fail early where KAFKA_BOOTSTRAP_SERVERS names nobody.

    Raises:
        UnreachableError: none of the servers takes a connection.
    """
    given = addresses.settings.kafka_bootstrap_servers
    if given is None:
        return
    servers = [urlsplit(f"//{server.strip()}") for server in given.split(",")]
    if not any(accepts(s.port or 9092, host=s.hostname or LOOPBACK) for s in servers):
        raise UnreachableError(
            f"No Kafka answers at {given}.",
            "Check KAFKA_BOOTSTRAP_SERVERS, or unset it to have one started here.",
        )


def make_database(addresses: Addresses) -> None:
    """The database with the services' roles and schemas; tells `addresses` where it is. Blocks.

    Raises:
        UnreachableError: the server is away or refuses.
    """
    given = addresses.settings.database_url
    if given is None:
        server = _server(addresses)
        addresses.database = create_database(server.url, _DATABASE)
        return
    name = urlsplit(given).path.lstrip("/") or _DATABASE
    passwords = dict.fromkeys(SERVICES, addresses.keys.database_password)
    create_database(with_database(given, name), name, passwords=passwords)
    addresses.database = with_database(given, name)


def _kafka(addresses: Addresses, report: Report) -> Program:
    ports, settings = addresses.ports, addresses.settings
    port = ports.give("kafka")
    voters = {1: ports.give("kafka-controller")}
    node = KafkaNode(data=addresses.layout.kafka, port=port, voters=voters)
    addresses.kafka = node.bootstrap

    def prepare() -> Command:
        java = find_java()
        jars = kafka_jars(
            settings.cache,
            maven_url=settings.maven_url,
            downloaded=lambda done, total: report(Downloading(done, total)),
        )
        if not node.is_formatted:
            report(Step("Formatting Kafka's folder"))
        node.prepare(java, jars)
        return node.command(java, jars, addresses.layout.log("kafka"), inherited_environment())

    return Program("kafka", prepare, in_thread(lambda: live_brokers(port) > 0), port)


def _server(addresses: Addresses) -> PostgresServer:
    return PostgresServer(
        data=addresses.layout.postgres,
        port=addresses.ports.give("postgres"),
        log=addresses.layout.log("postgres"),
    )


def _postgres(addresses: Addresses, report: Report) -> Program:
    server = _server(addresses)

    def prepare() -> Command:
        if not server.is_initialized:
            report(Step("Making PostgreSQL's folder"))
        server.prepare()
        return server.command(inherited_environment())

    return Program("postgres", prepare, in_thread(server.is_ready), server.port)


def _mailbox(addresses: Addresses, client: httpx.AsyncClient) -> Program:
    port = addresses.ports.give("mailbox")
    smtp_port, layout = addresses.ports.give("smtp"), addresses.layout
    argv = [sys.executable, "-m", "cuestream.mailbox", str(layout.mails.resolve())]
    argv += ["--smtp-port", str(smtp_port), "--port", str(port)]
    command = Command(tuple(argv), layout.log("mailbox"), inherited_environment())
    return Program("mailbox", lambda: command, http_probe(client, port), port)
