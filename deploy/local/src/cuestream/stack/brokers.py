"""Kafka, PostgreSQL and the mailbox as programs of the supervisor, unless they are already there."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from urllib.parse import urlsplit

import httpx

from cuestream.failures import UnreachableError, UsageError
from cuestream.settings import inherited_environment
from cuestream.stack.child import Program
from cuestream.stack.endpoints import Addresses
from cuestream.stack.events import Report, Step
from cuestream.stack.launch import Command
from cuestream.stack.nodes import kafka_programs
from cuestream.stack.plan import Broker
from cuestream.stack.ports import LOOPBACK, accepts
from cuestream.stack.postgres import SERVICES, PostgresServer, create_database
from cuestream.stack.postgres.roles import with_database
from cuestream.stack.probes import http_probe, in_thread

_DATABASE = "cuestream"


def broker_programs(
    addresses: Addresses, client: httpx.AsyncClient, report: Report
) -> Iterator[tuple[Broker, Program]]:
    """What has to be started here."""
    if addresses.proxied:
        yield "proxy", _proxy(addresses)
    if addresses.settings.kafka_bootstrap_servers is None:
        for program in kafka_programs(addresses, report):
            yield "kafka", program
    if addresses.settings.database_url is None:
        yield "postgres", _postgres(addresses, report)
    yield "mailbox", _mailbox(addresses, client)


def check_given(addresses: Addresses) -> None:
    """Fail early where KAFKA_BOOTSTRAP_SERVERS names nobody, or what is given does not go with what was asked.

    Raises:
        UnreachableError: none of the servers takes a connection.
        UsageError: a proxy or several nodes were asked for.
    """
    settings = addresses.settings
    given = settings.kafka_bootstrap_servers
    if addresses.proxied and (given is not None or settings.database_url is not None):
        raise UsageError("A proxy goes only before a Kafka and a PostgreSQL that are started here.")
    if given is None:
        return
    if addresses.nodes > 1:
        raise UsageError("--kafka-nodes starts a Kafka, and KAFKA_BOOTSTRAP_SERVERS names another.")
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


def _proxy(addresses: Addresses) -> Program:
    port = addresses.ports.give("proxy")
    argv = [sys.executable, "-m", "cuestream.stack.proxy", "--port", str(port)]
    argv += map(str, addresses.routes())
    command = Command(tuple(argv), addresses.layout.log("proxy"), inherited_environment())
    return Program("proxy", lambda: command, in_thread(lambda: accepts(port)), port)


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
