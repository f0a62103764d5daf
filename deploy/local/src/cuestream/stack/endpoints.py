"""Ports and addresses of one stack, and the environment that tells them to its processes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit, urlunsplit

from cuestream.settings import LocalSettings, inherited_environment
from cuestream.stack.layout import Keys, Layout, node_name
from cuestream.stack.plan import Plan
from cuestream.stack.ports import LOOPBACK, free_port, is_free
from cuestream.stack.postgres.roles import service_url
from cuestream.stack.proxy import PROCESS, Route

_PUBLIC = {
    "ingest": "ingest-api",
    "orchestrator": "orchestrator-api",
    "dispatcher": "dispatcher-api",
}
"""The process that serves each service's public address."""


def controller(number: int) -> str:
    """The name of a Kafka node's second port."""
    return f"{node_name(number)}-controller"


@dataclass(slots=True)
class Ports:
    """Gives every process its port: the wished one or the next above it, else the last time's, else any."""

    wished: Mapping[str, int]
    last: Mapping[str, int]
    is_mine: Callable[[int], bool] = is_free
    """Claims a port where it is to be had."""
    given: dict[str, int] = field(default_factory=dict)

    def give(self, name: str) -> int:
        """The same port whenever the same name asks."""
        if name not in self.given:
            wish = self.wished.get(name) or self.last.get(name)
            others = {port for other, port in self.wished.items() if other != name}
            taken = {*self.given.values(), *others}
            self.given[name] = free_port(wish, taken=taken, is_mine=self.is_mine)
        return self.given[name]


@dataclass(slots=True)
class Addresses:
    """Where everything is. With a proxy, the services meet Kafka, PostgreSQL and SMTP at its ports."""

    settings: LocalSettings
    layout: Layout
    keys: Keys
    ports: Ports
    nodes: int = 1
    """Of Kafka, where it is started here."""
    proxied: bool = False
    smtp: int | None = None
    """The port of an SMTP server that is there already; else it is the mailbox's."""
    database: str = ""
    """The owner's URL of the database `cuestream`, which is what was given or is started here."""

    @property
    def kafka(self) -> str:
        """Kafka's addresses as whoever is no service uses them."""
        given = self.settings.kafka_bootstrap_servers
        return given or self._servers([self.ports.give(name) for name in self._node_names])

    def front(self, target: str) -> int:
        """The port at which the services find something that is started here."""
        return self.ports.give(f"to-{target}") if self.proxied else self.own(target)

    def own(self, target: str) -> int:
        """The port at which it listens."""
        return self.smtp if target == "smtp" and self.smtp else self.ports.give(target)

    def routes(self) -> list[Route]:
        """What the proxy passes on."""
        targets = [*self._node_names, "postgres", "smtp"]
        routes = [Route(target, self.front(target), self.own(target)) for target in targets]
        for number in range(1, self.nodes + 1):
            name = controller(number)
            routes.append(Route(node_name(number), self.front(name), self.own(name)))
        return routes

    @property
    def _node_names(self) -> list[str]:
        return [node_name(number) for number in range(1, self.nodes + 1)]

    @staticmethod
    def _servers(ports: Iterable[int]) -> str:
        return ",".join(f"{LOOPBACK}:{port}" for port in ports)

    def endpoints(self, plan: Plan) -> dict[str, str]:
        """What `status` shows."""
        named = {service.name for service in plan.services}
        apis = {
            service: self._http(process) for service, process in _PUBLIC.items() if process in named
        }
        return {
            **apis,
            "mailbox": self._http("mailbox"),
            "smtp": f"{LOOPBACK}:{self.own('smtp')}",
            "kafka": self.kafka,
            "postgres": self.database
            if self.settings.database_url is None
            else _bare(self.database),
        }

    def environment(
        self, owner: str | None, name: str | None = None, instance: int = 1
    ) -> dict[str, str]:
        """What a process of a service is told, and with a name, which port is its own."""
        values = {
            **inherited_environment(),
            "PYTHONUNBUFFERED": "1",
            "KAFKA_BOOTSTRAP_SERVERS": self._told_kafka(),
            "CUESTREAM_REPLICATION_FACTOR": self._replication(),
            PROCESS: name or "",
            "DATABASE_URL": self.database_url(owner) if owner else "",
            "CUESTREAM_DATA": str(self.layout.root.resolve()),
            "CUESTREAM_INSTANCE": str(instance),
            "CUESTREAM_LOG_LEVEL": self.settings.log_level,
            "CUESTREAM_LOCAL": "true",
            "CUESTREAM_DRAIN_SECONDS": "0",  # there is no balancer, and somebody waits for the end
            "CUESTREAM_ADMIN_KEY_SHA256": self.keys.admin_key_sha256,
            "CUESTREAM_TOKEN_SECRETS": self.keys.token_secret,
            "CUESTREAM_SMTP_URL": f"smtp://{LOOPBACK}:{self.front('smtp')}",
            "CUESTREAM_PUBLIC_URL": self._http(_PUBLIC[owner]) if owner in _PUBLIC else "",
            "CUESTREAM_PORT": str(self.ports.give(name)) if name is not None else "",
        }
        return {key: value for key, value in values.items() if value}

    def database_url(self, owner: str) -> str:
        """A service's URL; the embedded server trusts this machine, another one wants a password."""
        if self.settings.database_url is not None:
            return service_url(self.database, owner, self.keys.database_password)
        address = f"{LOOPBACK}:{self.front('postgres')}"
        return service_url(urlunsplit(urlsplit(self.database)._replace(netloc=address)), owner)

    def _told_kafka(self) -> str:
        given = self.settings.kafka_bootstrap_servers
        return given or self._servers(self.front(name) for name in self._node_names)

    def _replication(self) -> str:
        """Every node has a copy; a Kafka that was given says itself how many it can keep."""
        return "" if self.settings.kafka_bootstrap_servers else str(self.nodes)

    def _http(self, name: str) -> str:
        return f"http://{LOOPBACK}:{self.ports.give(name)}"


def _bare(url: str) -> str:
    """Without user and password: those of somebody's server are not shown."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2], query=""))
