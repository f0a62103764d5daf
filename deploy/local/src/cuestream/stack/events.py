"""What a starting stack tells the one who waits for it, one JSON line each."""

from __future__ import annotations

from collections.abc import Callable

import msgspec


class Downloading(msgspec.Struct, frozen=True, tag="downloading"):
    """Bytes of Kafka's jars that are here, of all."""

    done: int
    total: int


class Step(msgspec.Struct, frozen=True, tag="step"):
    """What is being done now, in words."""

    text: str


class Ready(msgspec.Struct, frozen=True, tag="ready"):
    """A process serves, or a one-shot has done its work, after so many seconds."""

    name: str
    seconds: float


class Ended(msgspec.Struct, frozen=True, tag="ended"):
    """A process ended by itself and is started again after `delay` seconds."""

    name: str
    exit_code: int
    delay: float
    why: str = ""
    """What it said last."""


class Up(msgspec.Struct, frozen=True, tag="up"):
    """Everything is ready."""

    endpoints: dict[str, str]


class Failed(msgspec.Struct, frozen=True, tag="failed"):
    """The stack could not be started; all of it has been stopped again."""

    message: str
    remedies: tuple[str, ...]
    exit_code: int


Event = Downloading | Step | Ready | Ended | Up | Failed

Report = Callable[[Event], None]
"""Takes what happens; it must not raise and must return at once."""


def encode(event: Event) -> bytes:
    """One line."""
    return msgspec.json.encode(event) + b"\n"


def decode(line: bytes) -> Event:
    """The event of a line."""
    event: Event = msgspec.json.decode(line, type=Event)
    return event
