"""What it means to go on without what a log no longer holds: pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, NamedTuple

from common.contracts.ingestion import IngestProgressed
from common.streaming.oversight import Acceptance, Holding
from common.streaming.ports import Bounds, Fetched, Place, Position, Standing
from common.streaming.sequences import ACCEPTED, BEGIN, Arrival, SequenceCheck

Change = Literal["trimmed", "recreated", "none"]

ACTIVITY = "profile.activity"
_ANY = -1
"""Under `@begin` where reading begins at 0 again and no first number can be required."""


@dataclass(frozen=True, slots=True)
class Found:
    """What is known of one place before anything is decided."""

    position: Position
    bounds: Bounds
    before: Fetched | None
    """The record before the position, where the log holds it."""
    seen: Mapping[str, int]
    records: Sequence[Fetched]
    """What the log holds from where reading would go on, as far as it was looked at."""
    complete: bool
    """Whether that is all of it."""
    statements: Mapping[str, int]
    """By origin, how many records resolve says it wrote to this place; only of `profile.activity`."""

    @property
    def change(self) -> Change:
        """What became of the log since the position was taken."""
        position, bounds = self.position, self.bounds
        if position.next_offset < bounds.begin:
            return "trimmed"
        another = self.before is not None and self.before.appended_at != position.appended_at
        if position.next_offset > bounds.end or (position.appended_at is not None and another):
            return "recreated"
        return "none"


class Gap(NamedTuple):
    """Numbers of an origin that never came."""

    origin: str
    last: int
    found: int
    offset: int

    @property
    def missing(self) -> int:
        return self.found - self.last - 1


class Plan(NamedTuple):
    """What would be set, and what that means."""

    acceptance: Acceptance
    sentences: Sequence[str]


def plan(place: Place, found: Found) -> Plan | None:
    """What accepting does; None where nothing stands in the way of reading on."""
    if found.change == "none":
        return _over_gaps(place, found)
    begin = found.bounds.begin
    position = Position(begin, None)
    seen = {BEGIN: begin or _ANY, **_accepted(found)}
    acceptance = Acceptance(place.partition, place, found.position, position, seen)
    return Plan(acceptance, _told(place, found))


def gaps(place: Place, found: Found) -> list[Gap]:
    """The first of each origin."""
    seen = {(place, origin): last for origin, last in found.seen.items()}
    check = SequenceCheck.of(Standing(place.partition, 0, 0, seen=seen))
    first: dict[str, Gap] = {}
    for record in found.records:
        origin = record.headers.get("origin", b"").decode("utf-8", "replace")
        if origin not in first and check.arrival(record) is Arrival.GAP:
            last = check.moved.get((place, origin), found.seen.get(origin, 0))
            number = int(record.headers["sequence"])
            first[origin] = Gap(origin, last, number, record.offset)
    return list(first.values())


def _over_gaps(place: Place, found: Found) -> Plan | None:
    first = gaps(place, found)
    if not first:
        return None
    seen = {gap.origin: gap.found - 1 for gap in first}
    acceptance = Acceptance(place.partition, place, found.position, found.position, seen)
    told = [
        f"Of {gap.origin} the numbers {gap.last + 1} to {gap.found - 1} ({gap.missing}) never came:"
        f" after {gap.last} offset {gap.offset} holds {gap.found}. They are lost to this loop."
        for gap in first
    ]
    return Plan(acceptance, [*told, f"It reads on at offset {found.position.next_offset}."])


def _accepted(found: Found) -> dict[str, int]:
    """Every origin may go on at any number; what it wrote before is still known, should copies of it come.

    Where resolve says that it wrote more, and the log holds nothing of it, that counts as seen: virtual time would
    wait for it for ever.
    """
    here = {
        record.headers.get("origin", b"").decode("utf-8", "replace") for record in found.records
    }
    marked: dict[str, int] = {}
    for origin, last in found.seen.items():
        if origin.startswith("@"):
            continue
        gone = found.complete and origin not in here
        known = max(last, found.statements.get(origin, 0)) if gone else last
        marked |= {origin: known, ACCEPTED + origin: known}
    return marked


def _told(place: Place, found: Found) -> list[str]:
    begin, end = found.bounds
    name = f"{place.topic}/{place.partition}"
    if found.change == "trimmed":
        gone = begin - found.position.next_offset
        first = (
            f"{name} was trimmed: {gone} records, {found.position.next_offset} to {begin - 1}, are"
            " gone unread. What they said is lost to this loop."
        )
    else:
        first = (
            f"{name} is another log than the one that was read up to {found.position.next_offset}."
            " What the old one held unread is lost to this loop."
        )
    told = [first, f"It reads on at offset {begin}: {end - begin} records, to {end - 1}."]
    if found.change == "recreated":
        told.append("Copies of what was read before are dropped, where their headers are the same.")
    if not found.complete:
        told.append("The log is too long to be read whole now: virtual time may stand for a while.")
    return told


class Row(NamedTuple):
    """One place of one partition of one loop."""

    loop: str
    partition: int
    place: Place
    position: Position
    bounds: Bounds | None
    lag: int | None


def rows(holdings: Iterable[Holding], bounds: Mapping[Place, Bounds]) -> list[Row]:
    """Where every loop reads, by loop, partition and topic."""
    return [
        Row(
            holding.loop,
            holding.partition,
            place,
            position,
            bounds.get(place),
            bounds[place].end - position.next_offset if place in bounds else None,
        )
        for holding in holdings
        for place, position in sorted(holding.positions.items())
    ]


def latest(statements: Iterable[IngestProgressed], partition: int) -> dict[str, int]:
    """By origin, the newest word on how much was written to a partition."""
    found: dict[str, tuple[datetime, int]] = {}
    for statement in statements:
        known = found.get(statement.origin)
        if known is None or statement.until >= known[0]:
            found[statement.origin] = (statement.until, statement.sequences[partition])
    return {origin: number for origin, (_, number) in found.items()}
