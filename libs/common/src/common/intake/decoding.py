"""From fetched bytes to a batch's signals: duplicates dropped, poison and strangers set apart."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime

import msgspec

from common.configuration import Configuration
from common.contracts import Event, decode_event
from common.contracts.ingestion import IngestTicked
from common.contracts.runtime import RecordDiscarded, RecordRetried, Run
from common.errors import PermanentError
from common.intake.holding import Holds
from common.intake.reading import TOMBSTONE, event_of, headers_are_sound, record_of
from common.publishing.effects import Poison
from common.streaming import metrics
from common.streaming.model import Signal, TimerDue
from common.streaming.ports import Fetched, Place, Position, Standing
from common.streaming.sequences import Arrival, SequenceCheck

_OF_NO_WORKSPACE = (TOMBSTONE, RecordDiscarded.TYPE)
_TYPE = re.compile(r"[a-z_]{1,40}(?:\.[a-z_]{1,40}){1,3}\.v\d{1,3}")
_WORKSPACE = re.compile(r"[a-z][a-z0-9_-]{0,62}")

MOST_UNSAVED = 1_000
"""Ticks read since the saved position; as many as come in about four minutes."""


@dataclass(slots=True)
class Intake:
    """What one partition's records amount to, before anything is folded."""

    standing: Standing
    check: SequenceCheck
    signals: list[Signal] = field(default_factory=list)
    """Records, and timers that an operator lets fire again."""
    poison: list[Poison] = field(default_factory=list)
    runs: list[Run] = field(default_factory=list)
    positions: dict[Place, tuple[Position | None, Position]] = field(default_factory=dict)
    newest: datetime | None = None
    """Append time of the last one on the anchor topic, ticks included."""
    only_ticks: bool = True
    gap: str | None = None
    """Why this partition must stop, if it must."""

    @property
    def worth_a_commit(self) -> bool:
        """False for a few ticks: of them only the time counts.

        Many do move the position: on a partition where nothing else ever comes, it would fall behind what the log keeps,
        and the next owner would have to stop with an alarm.
        """
        return not self.only_ticks or any(
            old is None or new.next_offset - old.next_offset >= MOST_UNSAVED
            for old, new in self.positions.values()
        )


@dataclass(frozen=True, slots=True)
class Decoder:
    """Turns fetched records into intakes; knows the types but not what folds do with them."""

    loop: str
    anchor: str
    types: Collection[str]
    inputs: Sequence[str]
    unsequenced: Collection[str]
    live_since: datetime
    """What was appended before is history."""
    _prepared: dict[int, tuple[Fetched, Event, Signal | None]] = field(default_factory=dict)
    """By the identity of what was read ahead."""

    def prepare(self, fetched: Sequence[Fetched]) -> None:
        """Read already what depends on nothing but the record; what cannot be read is judged when it is taken."""
        self._prepared.clear()
        for item in fetched:
            with suppress(PermanentError):
                self._prepared[id(item)] = item, *self._read(item)

    def take(
        self,
        fetched: Sequence[Fetched],
        standings: Mapping[int, Standing],
        configuration: Configuration,
        holds: Holds,
    ) -> tuple[list[Intake], list[Fetched]]:
        """Sort records by partition and input; second come the records at which a place must wait."""
        by_place: dict[Place, list[Fetched]] = {}
        for item in fetched:
            by_place.setdefault(item.place, []).append(item)
        intakes: dict[int, Intake] = {}
        held: list[Fetched] = []
        order = {topic: rank for rank, topic in enumerate(self.inputs)}
        for place in sorted(by_place, key=lambda p: (p.partition, order[p.topic])):
            standing = standings.get(place.partition)
            if standing is None:
                continue  # lost while the fetch was under way
            intake = intakes.get(place.partition)
            if intake is None:
                intake = intakes[place.partition] = Intake(standing, SequenceCheck.of(standing))
            stopped_at = self._take_place(place, by_place[place], intake, configuration, holds)
            if stopped_at is not None:
                held.append(stopped_at)
        return list(intakes.values()), held

    def _take_place(
        self,
        place: Place,
        items: Sequence[Fetched],
        intake: Intake,
        configuration: Configuration,
        holds: Holds,
    ) -> Fetched | None:
        """Take one place's records in order; returns the record at which it has to wait, if any."""
        old = intake.standing.positions.get(place)
        metrics.child(metrics.RECORDS, self.loop, place.topic).inc(len(items))
        if old is None:
            intake.check.began(place, items[0].offset)
        last: Fetched | None = None
        held: Fetched | None = None
        for item in items:
            if intake.gap is not None:
                break
            if self._judge(item, intake, configuration, holds):
                held = item
                break
            if intake.gap is None:
                last = item
        if last is not None:
            first = old.next_offset if old is not None else items[0].offset
            intake.runs.append(Run(place.topic, place.partition, first, last.offset))
            intake.positions[place] = (old, Position(last.offset + 1, last.appended_at))
            if place.topic == self.anchor:
                intake.newest = last.appended_at
        return held

    def _judge(
        self, item: Fetched, intake: Intake, configuration: Configuration, holds: Holds
    ) -> bool:
        """Sort one record into the intake; True when it has to wait for its workspace."""
        try:
            known = self._prepared.pop(id(item), None)
            event, signal = self._read(item) if known is None else known[1:]
            if signal is None:
                return False
            if self._waits(item, event, configuration, holds):
                return True
        except PermanentError as error:
            # Its sequence counts too, where it can be read: else the next record would look like a gap.
            if not headers_are_sound(item) or self._is_new(item, intake):
                intake.only_ticks = False
                told = (error.reason, error.detail[:300], self._is_history(item))
                intake.poison.append(Poison(item, *told))
            return False
        if self._is_new(item, intake):
            intake.only_ticks = False
            if self._counts(item, event, intake):
                intake.signals.append(signal)
        return False

    def _read(self, item: Fetched) -> tuple[Event, Signal | None]:
        """The event and what is folded of it: of a tick nothing.

        Raises:
            PermanentError: `undecodable`.
        """
        event = event_of(item)
        if event.type == IngestTicked.TYPE:
            return event, None
        if not headers_are_sound(item):
            raise PermanentError("undecodable", "a header is not what it should be")
        return event, self._signal(item, event)

    def _counts(self, item: Fetched, event: Event, intake: Intake) -> bool:
        """False for a retry that was had before, and for what an earlier life handed over: this one does so anew."""
        if event.type == RecordRetried.TYPE:
            return intake.check.first_time(*_retry(event))
        mine = self.loop.split(".", 1)[0] + ".handover"
        return item.appended_at >= self.live_since or item.place.topic != mine

    def _signal(self, item: Fetched, event: Event) -> Signal:
        """What is folded; of a retry what it retries, under the retry's own place and time.

        Raises:
            PermanentError: `undecodable`.
        """
        record = record_of(item, event, history=self._is_history(item))
        if event.type != RecordRetried.TYPE:
            return record
        retried = event.payload(RecordRetried)
        if retried.timer is not None:
            timer = retried.timer
            return TimerDue(
                partition=item.place.partition,
                workspace=event.workspace,
                profile_id=timer.profile_id,
                name=timer.name,
                due_at=timer.due_at,
                correlation=event.correlationid,
                traceparent=record.traceparent,
                retried_at=item.appended_at,
            )
        return msgspec.structs.replace(record, event=decode_event(bytes(retried.event)))

    def _is_history(self, item: Fetched) -> bool:
        """What is from before this life, or says so itself: what history led to, and on the raw topic what is imported."""
        topic = item.place.topic
        told = topic == self.anchor or topic not in self.unsequenced
        return item.appended_at < self.live_since or (told and item.headers.get("history") == b"1")

    def _waits(
        self, item: Fetched, event: Event, configuration: Configuration, holds: Holds
    ) -> bool:
        """Whether the record's workspace has no release yet; raises what makes the record poison."""
        if event.type in _OF_NO_WORKSPACE:
            return False
        if event.type not in self.types:
            raise PermanentError("unknown_type", _named(event.type, _TYPE, "a type"))
        if configuration.release(event.workspace) is not None:
            return False
        if holds.waits(item, event.workspace):
            return True
        raise PermanentError(
            "unknown_workspace", _named(event.workspace, _WORKSPACE, "a workspace")
        )

    def _is_new(self, item: Fetched, intake: Intake) -> bool:
        if item.place.topic in self.unsequenced:
            return True
        arrival = intake.check.arrival(item)
        if arrival is Arrival.GAP:
            origin = item.headers.get("origin", b"").decode()
            intake.gap = f"sequence_gap from {origin} at {item.place.topic}/{item.place.partition}@{item.offset}"
            return False
        if arrival is Arrival.SEEN:
            # The position still has to move past it, so this is not a batch of ticks alone.
            intake.only_ticks = False
            metrics.child(metrics.DUPLICATES, self.loop, item.place.topic).inc()
            return False
        return True


def _retry(event: Event) -> tuple[Place, int]:
    retried = event.payload(RecordRetried)
    return Place(retried.topic, retried.partition), retried.offset


def _named(text: str, form: re.Pattern[str], kind: str) -> str:
    """A reason is read by operators and kept in a header: a stranger's text is shown only if it could be a name of ours."""
    return text if form.fullmatch(text) else f"no name of {kind}"
