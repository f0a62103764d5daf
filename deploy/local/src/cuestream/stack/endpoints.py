"""Ports and addresses of one stack, and the environment that tells them to its processes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit, urlunsplit

from cuestream.settings import LocalSettings, inherited_environment
from cuestream.stack.layout import Keys, Layout
from cuestream.stack.plan import Plan
from cuestream.stack.ports import LOOPBACK, free_port, is_free
from cuestream.stack.postgres.roles import service_url

_PUBLIC = {
    "ingest": "ingest-api",
    "orchestrator": "orchestrator-api",
    "dispatcher": "dispatcher-api",
}
"""The process that serves each service's public address."""


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
    """Where everything is; `kafka` and `database` are what was given or what is started here."""

    settings: LocalSettings
    layout: Layout
    keys: Keys
    ports: Ports
    kafka: str = ""
    database: str = ""
    """The owner's URL of the database `cuestream`."""

    def endpoints(self, plan: Plan) -> dict[str, str]:
        """What `status` shows."""
        named = {service.name for service in plan.services}
        apis = {
            service: self._http(process) for service, process in _PUBLIC.items() if process in named
        }
        return {
            **apis,
            "mailbox": self._http("mailbox"),
            "smtp": f"{LOOPBACK}:{self.ports.give('smtp')}",
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
            "KAFKA_BOOTSTRAP_SERVERS": self.kafka,
            "DATABASE_URL": self.database_url(owner) if owner else "",
            "CUESTREAM_DATA": str(self.layout.root.resolve()),
            "CUESTREAM_INSTANCE": str(instance),
            "CUESTREAM_LOG_LEVEL": self.settings.log_level,
            "CUESTREAM_LOCAL": "true",
            "CUESTREAM_ADMIN_KEY_SHA256": self.keys.admin_key_sha256,
            "CUESTREAM_TOKEN_SECRETS": self.keys.token_secret,
            "CUESTREAM_SMTP_URL": f"smtp://{LOOPBACK}:{self.ports.give('smtp')}",
            "CUESTREAM_PUBLIC_URL": self._http(_PUBLIC[owner]) if owner in _PUBLIC else "",
            "CUESTREAM_PORT": str(self.ports.give(name)) if name is not None else "",
        }
        return {key: value for key, value in values.items() if value}

    def database_url(self, owner: str) -> str:
        """A service's URL; the embedded server trusts this machine, another one wants a password."""
        password = None if self.settings.database_url is None else self.keys.database_password
        return service_url(self.database, owner, password)

    def _http(self, name: str) -> str:
        return f"http://{LOOPBACK}:{self.ports.give(name)}"


def _bare(url: str) -> str:
    """Without user and password: those of somebody's server are not shown."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2], query=""))
