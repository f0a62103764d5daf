"""Which processes the local stack consists of, as data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from cuestream.failures import UsageError
from cuestream.stack.layout import numbered

Broker = Literal["proxy", "kafka", "postgres", "mailbox"]

BROKERS: tuple[Broker, ...] = ("proxy", "kafka", "postgres", "mailbox")
"""What everything else needs; started first, stopped last. There may be several nodes of Kafka, and there is a proxy
only where faults are tried."""


@dataclass(frozen=True, slots=True)
class OneShot:
    """Something that must have succeeded before the services start.

    It runs as soon as the broker it needs serves; not again while the code of its packages stays as it
    was. `owner` is whose database role it has.
    """

    name: str
    module: tuple[str, ...]
    """What follows `python -m`."""
    needs: Broker
    code: tuple[str, ...]
    owner: str | None = None


@dataclass(frozen=True, slots=True)
class Service:
    """A process that serves /livez, /readyz and /metrics; without a wish it gets any free port."""

    name: str
    module: tuple[str, ...]
    owner: str
    port: int | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """All of it; tests run smaller ones."""

    one_shots: tuple[OneShot, ...]
    services: tuple[Service, ...]
    publisher: str | None = None
    """The process that takes the configuration."""
    smtp_port: int = 2525
    mailbox_port: int = 8025

    @property
    def wished_ports(self) -> dict[str, int]:
        """Where people expect things; a port that is taken moves aside."""
        wishes = {service.name: service.port for service in self.services if service.port}
        return {**wishes, "mailbox": self.mailbox_port, "smtp": self.smtp_port}

    def instances(self, scale: Mapping[str, int]) -> list[tuple[Service, int, str]]:
        """Every process with its number (from 1) and its name: `resolve`, `resolve-2`, ….

        Raises:
            UsageError: a name that cannot be scaled, or less than one of it.
        """
        for name, count in scale.items():
            if name not in {service.name for service in self.services} or count < 1:
                names = ", ".join(service.name for service in self.services)
                raise UsageError(f"--scale {name}={count} is not possible.", f"Names: {names}.")
        return [
            (service, number, numbered(service.name, number))
            for service in self.services
            for number in range(1, scale.get(service.name, 1) + 1)
        ]


def _migration(service: str) -> OneShot:
    return OneShot(
        f"{service}-migrate", (service, "migrate"), "postgres", ("common", service), service
    )


CUESTREAM = Plan(
    one_shots=(
        OneShot("topics", ("common.kafka", "topics"), "kafka", ("common",)),
        _migration("ingest"),
        _migration("scoring"),
        _migration("orchestrator"),
        _migration("dispatcher"),
    ),
    services=(
        Service("ingest-api", ("ingest", "api"), "ingest", 8080),
        Service("ingest-resolve", ("ingest", "resolve"), "ingest"),
        Service("scoring-consume", ("scoring", "consume"), "scoring"),
        Service("orchestrator-consume", ("orchestrator", "consume"), "orchestrator"),
        Service("orchestrator-api", ("orchestrator", "api"), "orchestrator", 8082),
        Service("dispatcher-consume", ("dispatcher", "consume"), "dispatcher"),
        Service("dispatcher-send", ("dispatcher", "send"), "dispatcher"),
        Service("dispatcher-api", ("dispatcher", "api"), "dispatcher", 8081),
    ),
    publisher="orchestrator-api",
)
