"""What lies in the quarantines, and which of it still waits for somebody: pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, NamedTuple
from uuid import UUID

import msgspec

from common.contracts import Payload, decode_event
from common.contracts.runtime import RecordDiscarded, RecordRetried
from common.errors import PermanentError
from common.streaming.ports import Fetched, Place

Kind = Literal["record", "timer", "message"]
State = Literal["open", "retried", "discarded"]

_WORDS: dict[str, State] = {RecordRetried.TYPE: "retried", RecordDiscarded.TYPE: "discarded"}
COMMANDS = tuple(_WORDS)


class Spot(NamedTuple):
    """Where something lies in a quarantine; written `<topic>/<partition>/<offset>` it is its ID."""

    topic: str
    partition: int
    offset: int

    @property
    def text(self) -> str:
        return f"{self.topic}/{self.partition}/{self.offset}"


class Settled(NamedTuple):
    """An operator's word on it."""

    state: State
    at: datetime
    by: str


class _Word(Payload, frozen=True):
    """What both words have in common."""

    topic: str
    partition: int
    offset: int
    by: str = ""


class SetTimer(msgspec.Struct, frozen=True):
    """A timer whose fold failed, as the runtime keeps it."""

    timer: str
    profile_id: UUID
    due_at: datetime
    workspace: str
    correlation: UUID


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that was set aside."""

    spot: Spot
    """Of its first copy: by this the runtime knows it."""
    copies: tuple[int, ...]
    """Offsets of further physical copies: a publish that was repeated."""
    fetched: Fetched
    settled: Settled | None

    @property
    def state(self) -> State:
        return "open" if self.settled is None else self.settled.state

    @property
    def service(self) -> str:
        return self.header("service")

    @property
    def reason(self) -> str:
        return self.header("reason")

    @property
    def topic(self) -> str:
        """Where it came from."""
        return self.header("origin_topic")

    @property
    def origin(self) -> tuple[Place, int]:
        """Place and offset of the original; below 0 where there is none on the log."""
        return Place(self.topic, self._number("origin_partition")), self._number("origin_offset")

    @property
    def kind(self) -> Kind:
        """`message`: refused by an edge, or read by something else than a loop, which says no origin."""
        if "origin" not in self.fetched.headers:
            return "message"
        return "record" if self._number("origin_offset") >= 0 else "timer"

    @property
    def timer(self) -> SetTimer:
        """What a timer's record holds.

        Raises:
            PermanentError: `undecodable`.
        """
        try:
            return msgspec.json.decode(self.fetched.value or b"", type=SetTimer)
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise PermanentError("undecodable", "it is no timer of ours") from error

    def header(self, name: str) -> str:
        return self.fetched.headers.get(name, b"").decode("utf-8", "replace")

    def _number(self, name: str) -> int:
        text = self.header(name)
        return int(text) if text.isdigit() else -1


@dataclass(frozen=True, slots=True)
class Wish:
    """Which of them are meant; None: any."""

    service: str | None = None
    reason: str | None = None
    topic: str | None = None
    """Of the original."""
    settled: bool = False
    """Those that were retried or discarded, too."""

    def takes(self, item: Item) -> bool:
        return (
            (self.settled or item.settled is None)
            and self.service in (None, item.service)
            and self.reason in (None, item.reason)
            and self.topic in (None, item.topic)
        )


class Group(NamedTuple):
    """Items that have the same cause."""

    service: str
    topic: str
    reason: str
    items: Sequence[Item]


def gather(quarantined: Iterable[Fetched], commands: Iterable[Fetched]) -> list[Item]:
    """Everything once, oldest first; of physical copies the first."""
    settled = _settled(commands)
    firsts: dict[object, Fetched] = {}
    copies: dict[object, list[int]] = {}
    for record in sorted(quarantined, key=lambda record: (record.place, record.offset)):
        known = _identity(record)
        if firsts.setdefault(known, record) is not record:
            copies.setdefault(known, []).append(record.offset)
    items = [
        Item(spot, tuple(copies.get(known, ())), record, settled.get(spot))
        for known, record in firsts.items()
        for spot in (Spot(*record.place, record.offset),)
    ]
    return sorted(items, key=lambda item: (item.fetched.appended_at, item.spot))


def group(items: Iterable[Item]) -> list[Group]:
    """By service, origin and reason; the largest first."""
    found: dict[tuple[str, str, str], list[Item]] = {}
    for item in items:
        found.setdefault((item.service, item.topic, item.reason), []).append(item)
    groups = [Group(*key, members) for key, members in found.items()]
    return sorted(groups, key=lambda one: (-len(one.items), one[:3]))


def find(items: Iterable[Item], spot: Spot) -> Item | None:
    """The item of which this is a copy."""
    place = spot[:2]
    for item in items:
        if item.spot[:2] == place and spot.offset in (item.spot.offset, *item.copies):
            return item
    return None


def _identity(record: Fetched) -> object:
    origin, number = record.headers.get("origin"), record.headers.get("sequence")
    if origin is None or number is None:
        return record.place, record.offset
    return record.place, origin, number


def _settled(commands: Iterable[Fetched]) -> dict[Spot, Settled]:
    """What was said of each; a retry outweighs a word that nothing is to be done."""
    found: dict[Spot, Settled] = {}
    for record in commands:
        said = _said(record)
        if said is not None:
            spot, settled = said
            if spot not in found or settled.state == "retried" != found[spot].state:
                found[spot] = settled
    return found


def _said(record: Fetched) -> tuple[Spot, Settled] | None:
    try:
        event = decode_event(record.value or b"")
        if event.type not in _WORDS:
            return None
        word = event.payload(_Word)
    except PermanentError:
        return None  # its loop sets it aside itself
    spot = Spot(word.topic, word.partition, word.offset)
    return spot, Settled(_WORDS[event.type], record.appended_at, word.by)
