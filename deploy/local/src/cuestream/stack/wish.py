"""What a stack was asked to be."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from cuestream.settings import LocalSettings
from cuestream.stack.child import Pace
from cuestream.stack.endpoints import Addresses
from cuestream.stack.events import Report
from cuestream.stack.layout import Layout
from cuestream.stack.plan import Plan
from cuestream.stack.watching import Watch

Publish = Callable[[Addresses, Watch, Report], Awaitable[None]]
"""Called when every process serves: publishes the first configuration."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What `cuestream up` was asked for."""

    plan: Plan
    layout: Layout
    settings: LocalSettings
    scale: Mapping[str, int] = field(default_factory=dict)
    pace: Pace = field(default_factory=Pace)
    publish: Publish | None = None
    kafka_nodes: int = 1
    proxied: bool = False
    """Every connection to Kafka, PostgreSQL and SMTP, and between Kafka's nodes, goes through a proxy."""
    smtp: int | None = None
    """The port of an SMTP server that is there already, instead of the mailbox's."""
