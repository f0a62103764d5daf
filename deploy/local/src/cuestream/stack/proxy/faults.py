"""What can be wrong with a link, which links a rule is about, and what several rules come to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import msgspec
from typing_extensions import override

ANY = "*"
OUTSIDE = ""
"""The name of a client that is no process of the stack: no rule is about it, not even one for any client."""


class Delay(NamedTuple):
    """Seconds that bytes take on the way to the target, and on the way back."""

    there: float = 0.0
    back: float = 0.0


class Fault(msgspec.Struct, frozen=True):
    """What a link suffers until it is healed."""

    cut: bool = False
    """Its connections are reset, and new ones at once."""
    refuse: bool = False
    """New connections are reset; those that are there stay."""
    stall: bool = False
    """Bytes are held both ways; connections stay, and can be made."""
    delay: Delay = Delay()


class Link(msgspec.Struct, frozen=True):
    """From a process of the stack to something it uses; `*` is any."""

    client: str
    target: str

    def covers(self, client: str, target: str) -> bool:
        """True when a rule for this link is about connections from there to there."""
        return client != OUTSIDE and self.client in (ANY, client) and self.target in (ANY, target)


class Route(NamedTuple):
    """The proxy listens on `front` and speaks to `port`; `kafka` may have several, for its several ports."""

    target: str
    front: int
    port: int

    @override
    def __str__(self) -> str:
        return f"{self.target}:{self.front}:{self.port}"

    @classmethod
    def of(cls, text: str) -> Route:
        """The reverse of `str`."""
        target, front, port = text.split(":")
        return cls(target, int(front), int(port))


class LinkState(msgspec.Struct, frozen=True):
    """Connections of a link as they are now."""

    client: str
    target: str
    connections: int
    held: int
    """Bytes that were taken and are not yet handed on."""


@dataclass(slots=True)
class Rules:
    """The faults in force."""

    by_link: dict[Link, Fault] = field(default_factory=dict)

    def set(self, link: Link, fault: Fault) -> None:
        """Instead of whatever was said of exactly this link."""
        self.by_link[link] = fault

    def heal(self, link: Link) -> None:
        """Forget the rules that are for nothing but what this link covers."""
        for other in list(self.by_link):
            if link.client in (ANY, other.client) and link.target in (ANY, other.target):
                del self.by_link[other]

    def fault(self, client: str, target: str) -> Fault:
        """What a connection from there to there suffers: the worst of all rules about it."""
        return _together(
            fault for link, fault in self.by_link.items() if link.covers(client, target)
        )


def _together(faults: Iterable[Fault]) -> Fault:
    worst = Fault()
    for fault in faults:
        worst = Fault(
            cut=worst.cut or fault.cut,
            refuse=worst.refuse or fault.refuse,
            stall=worst.stall or fault.stall,
            delay=Delay(*map(max, worst.delay, fault.delay)),
        )
    return worst


def counted(connections: Iterable[tuple[str, str, int]]) -> Iterator[LinkState]:
    """Of (client, target, bytes held) one state per link."""
    sums: Mapping[tuple[str, str], list[int]]
    sums = {}
    for client, target, held in connections:
        total = sums.setdefault((client, target), [0, 0])
        total[0] += 1
        total[1] += held
    for (client, target), (number, held) in sorted(sums.items()):
        yield LinkState(client, target, number, held)
