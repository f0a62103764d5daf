"""How a test tells a running proxy what shall be wrong; blocking."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import msgspec

from cuestream.failures import UnreachableError
from cuestream.stack.ports import LOOPBACK
from cuestream.stack.proxy.faults import ANY, Delay, Fault, Link
from cuestream.stack.proxy.orders import Heal, Look, Order, Reset, States, Suffer

_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Links:
    """The links of a running stack: from a process, by its name in `status`, to a target.

    Targets are `postgres`, `smtp` and each Kafka node's name; `*` is any. A client that is no process of the
    stack suffers nothing.
    """

    port: int

    def cut(self, client: str, target: str) -> None:
        """Reset its connections, and each new one, until healed."""
        self.suffer(client, target, Fault(cut=True))

    def refuse(self, client: str, target: str) -> None:
        """Reset new connections until healed; those that are there stay."""
        self.suffer(client, target, Fault(refuse=True))

    def stall(self, client: str, target: str) -> None:
        """Hold the bytes until healed; the connections stay."""
        self.suffer(client, target, Fault(stall=True))

    def delay(self, client: str, target: str, *, there: float = 0.0, back: float = 0.0) -> None:
        """Let bytes take so many seconds each way until healed."""
        self.suffer(client, target, Fault(delay=Delay(there, back)))

    def suffer(self, client: str, target: str, fault: Fault) -> None:
        """Instead of what was said of exactly this link before."""
        self._tell(Suffer(Link(client, target), fault))

    def heal(self, client: str = ANY, target: str = ANY) -> None:
        """Take back every rule of this link and of those it covers."""
        self._tell(Heal(Link(client, target)))

    def reset(self, client: str, target: str) -> None:
        """Reset its connections once; new ones are welcome."""
        self._tell(Reset(Link(client, target)))

    def open(self) -> States:
        """What goes through the proxy now."""
        return self._tell(Look())

    @contextmanager
    def suffering(self, client: str, target: str, fault: Fault) -> Iterator[None]:
        """The fault for the block, healed after it."""
        self.suffer(client, target, fault)
        try:
            yield
        finally:
            self.heal(client, target)

    def _tell(self, order: Order) -> States:
        try:
            with socket.create_connection((LOOPBACK, self.port), timeout=_SECONDS) as peer:
                peer.sendall(msgspec.json.encode(order) + b"\n")
                with peer.makefile("rb") as replies:
                    return msgspec.json.decode(replies.readline(), type=States)
        except (OSError, msgspec.MsgspecError) as error:
            raise UnreachableError(f"The proxy at port {self.port} does not answer.") from error
