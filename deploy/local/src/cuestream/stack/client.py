"""How a command finds the stack that runs in a folder."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from cuestream.failures import UnreachableError
from cuestream.stack.control import Order, StackStatus, send
from cuestream.stack.layout import Layout, Running
from cuestream.stack.postgres.roles import SERVICES, service_url


@dataclass(frozen=True, slots=True)
class Stack:
    """A running stack: where its parts are, and the key of its administrator."""

    endpoints: Mapping[str, str]
    ports: Mapping[str, int]
    """The port of each process by its name, also of those without a public address."""
    admin_key: str
    databases: Mapping[str, str] = field(default_factory=dict)
    """Each service's URL; they hold passwords where the server asks for one."""


def find_stack(layout: Layout) -> Stack:
    """The stack of this folder.

    Raises:
        UnreachableError: none runs, or it is not up yet.
    """
    status = order(layout, "status")
    if not status.endpoints:
        raise UnreachableError(f"The stack in {layout.root} is still starting.")
    return stack_of(layout, status)


def stack_of(layout: Layout, status: StackStatus) -> Stack:
    """What a status says of a stack that is up."""
    ports = {process.name: process.port for process in status.processes if process.port is not None}
    keys, url = layout.keys(), status.endpoints.get("postgres", "")
    # The server that the stack starts itself trusts this machine; of another one no user is shown.
    password = None if "@" in url else keys.database_password
    databases = {service: service_url(url, service, password) for service in SERVICES if url}
    return Stack(status.endpoints, ports, keys.admin_key, databases)


def order(layout: Layout, what: Order, name: str = "", count: int = 0) -> StackStatus:
    """Have the supervisor of this folder do something; returns the status after it.

    Raises:
        UnreachableError: no stack runs here.
        UsageError: it refuses.
    """
    return send(running(layout), what, name, count)


def running(layout: Layout) -> Running:
    """The supervisor of this folder.

    Raises:
        UnreachableError: there is none.
    """
    found = layout.running()
    if found is None:
        raise UnreachableError(
            f"No stack is running in {layout.root}.",
            "Start one with `cuestream up`.",
            "If it is in another folder, name it with --data or CUESTREAM_DATA.",
        )
    return found
