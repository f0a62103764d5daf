"""Where an installation is: a stack of this machine, or what the environment names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from common.settings import KafkaSettings, load_settings
from cuestream.commands.options import layout_of
from cuestream.failures import UsageError
from cuestream.settings import InstallationSettings, LocalSettings
from cuestream.stack.client import Stack, find_stack
from cuestream.stack.ports import LOOPBACK
from cuestream.stack.postgres.roles import SERVICES

Service = Literal["ingest", "orchestrator", "dispatcher", "resolve"]

_PROCESSES: Mapping[Service, str] = {
    "ingest": "ingest-api",
    "orchestrator": "orchestrator-api",
    "dispatcher": "dispatcher-api",
    "resolve": "ingest-resolve",
}


@dataclass(frozen=True, slots=True)
class Installation:
    """Addresses and the admin key; what is not known is missed only by the command that needs it."""

    urls: Mapping[Service, str]
    admin_key: str | None
    bootstrap_servers: str | None
    processes: Mapping[str, str] = field(default_factory=dict)
    """Base URLs of the processes' own ports, where `/readyz` and `/metrics` are, by name."""
    databases: Mapping[str, str] = field(default_factory=dict)
    """A URL for each service's schema."""
    is_local: bool = False
    """A stack of this machine, under `cuestream up`."""

    def write_key(self, workspace: str) -> str:
        """The key of a workspace's server that everybody knows, and only a stack of this machine takes.

        Raises:
            UsageError: this is none.
        """
        if not self.is_local:
            raise UsageError(
                "No write key is named.",
                "Set CUESTREAM_WRITE_KEY to that of a server, or say --key.",
            )
        return f"cs_s_{workspace}"

    def database(self, service: str) -> str:
        """How to reach a service's schema.

        Raises:
            UsageError: it is not known.
        """
        if service not in self.databases:
            raise UsageError(
                f"Where the database of {service} is, is not known.",
                "Set DATABASE_URL to that of a user who may use its schema.",
            )
        return self.databases[service]

    def url(self, service: Service) -> str:
        """Base URL of a service's api.

        Raises:
            UsageError: it is not known.
        """
        if service not in self.urls:
            raise UsageError(
                f"Where {_PROCESSES[service]} is, is not known.",
                f"Set CUESTREAM_{service.upper()}_URL.",
            )
        return self.urls[service]

    def kafka(self) -> KafkaSettings:
        """How to reach the log.

        Raises:
            UsageError: it is not known.
        """
        if self.bootstrap_servers is None:
            raise UsageError("Where Kafka is, is not known.", "Set KAFKA_BOOTSTRAP_SERVERS.")
        return KafkaSettings(KAFKA_BOOTSTRAP_SERVERS=self.bootstrap_servers)


def find_installation(data: Path | None) -> Installation:
    """The stack in the folder `data` where one is named; else what the environment names; else the default folder's stack.

    Raises:
        UnreachableError: no stack runs there.
    """
    settings = load_settings(InstallationSettings)
    if data is None and (settings.orchestrator_url or settings.ingest_url):
        return _named(settings)
    return of_stack(find_stack(layout_of(data)))


def of_stack(stack: Stack) -> Installation:
    """A stack of this machine."""
    urls = {
        service: f"http://{LOOPBACK}:{stack.ports[process]}"
        for service, process in _PROCESSES.items()
        if process in stack.ports
    }
    processes = {
        name: f"http://{LOOPBACK}:{port}"
        for name, port in stack.ports.items()
        if name.partition("-")[0] in SERVICES
    }
    return Installation(
        urls,
        stack.admin_key,
        stack.endpoints.get("kafka"),
        processes,
        stack.databases,
        is_local=True,
    )


def _named(settings: InstallationSettings) -> Installation:
    local = load_settings(LocalSettings)
    named: Mapping[Service, str | None] = {
        "ingest": settings.ingest_url,
        "orchestrator": settings.orchestrator_url,
        "dispatcher": settings.dispatcher_url,
        "resolve": settings.resolve_url,
    }
    return Installation(
        urls={service: url.rstrip("/") for service, url in named.items() if url is not None},
        admin_key=settings.admin_key.get_secret_value() if settings.admin_key else None,
        bootstrap_servers=local.kafka_bootstrap_servers,
        processes={url: url.rstrip("/") for url in (settings.process_urls or "").split(",") if url},
        databases=dict.fromkeys(SERVICES, local.database_url) if local.database_url else {},
    )
