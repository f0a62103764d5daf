"""Folds one service's inputs again, one record after another along its journal, as nobody who fails would do it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from common.consuming import Folded, Record, Signal, TimerDue
from common.contracts import decode_event
from common.contracts.ingestion import IngestTicked
from common.contracts.runtime import BatchJournaled, FiredTimer
from common.errors import PermanentError
from common.intake.reading import record_of
from common.publishing.effects import Effect, effects_of
from common.streaming.ports import Fetched, Place

_ROUNDED = timedelta(milliseconds=1)
"""Brokers know no microseconds."""

History = Mapping[Place, list[Fetched]]


class Journaled(NamedTuple):
    """A batch as its journal record says, and that record's rank among all appends."""

    entry: BatchJournaled
    rank: int
    appended_at: datetime


class Told(NamedTuple):
    """A consequence, and the batch in which it came about."""

    effect: Effect
    batch: Journaled


class Step(NamedTuple):
    """One signal as it was folded."""

    key: Hashable
    signal: Signal
    before: Any
    after: Any


@dataclass(slots=True)
class Replay:
    """What one loop should have come to; `wrong` is where its journal cannot be right."""

    loop: str
    records: Mapping[str, Any]
    timer: Any
    key_of: Any
    history: History
    unsequenced: frozenset[str]
    states: dict[Hashable, tuple[Any, datetime]] = field(default_factory=dict)
    timers: dict[tuple[int, UUID, str], TimerDue] = field(default_factory=dict)
    told: defaultdict[int, list[Told]] = field(default_factory=lambda: defaultdict(list))
    """By the partition whose owner says it."""
    failed: set[tuple[str, int, int, str]] = field(default_factory=set)
    """Topic, partition, offset and reason of what is put aside."""
    steps: list[Step] = field(default_factory=list)
    begins: dict[Place, int] = field(default_factory=dict)
    reached: dict[tuple[int, Place], int] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)
    _seen: dict[tuple[Place, bytes], int] = field(default_factory=dict)

    def batch(self, batch: Journaled) -> None:
        """Fold what one journal record lists."""
        entry = batch.entry
        for run in entry.runs:
            place = Place(run.topic, run.partition)
            expected = self.reached.get((entry.partition, place), run.first)
            if run.first != expected:
                self.wrong.append(f"{place} is read at {run.first} after {expected}")
            self.begins.setdefault(place, run.first)
            self.reached[entry.partition, place] = run.last + 1
            for item in self.history[place][run.first : run.last + 1]:
                for record in self._record(item):
                    fold = self.records.get(record.event.type)
                    if fold is not None:
                        self._apply(fold, record, record.accepted_at, batch)
        for fired in entry.timers:
            self._fire(fired, batch)

    def _fire(self, fired: FiredTimer, batch: Journaled) -> None:
        until = batch.entry.virtual_time
        timer = self.timers.pop((batch.entry.partition, fired.profile_id, fired.name), None)
        if timer is None or timer.due_at != fired.due_at:
            self.wrong.append(f"{fired} fired and was not set")
        elif until is None or not fired.due_at < until <= batch.appended_at + _ROUNDED:
            self.wrong.append(f"{fired} fired at {until}, journaled at {batch.appended_at}")
        else:
            self._apply(self.timer, timer, until, batch)

    def _record(self, item: Fetched) -> Iterator[Record]:
        """The record, if it is one that a reader folds."""
        place = item.place
        try:
            record = record_of(item)
        except PermanentError as error:
            self.failed.add((place.topic, place.partition, item.offset, error.reason))
            return
        if record.event.type != IngestTicked.TYPE and self._is_new(item):
            yield record

    def _is_new(self, item: Fetched) -> bool:
        origin = item.headers.get("origin")
        if origin is None or item.place.topic in self.unsequenced:
            return True
        sequence, key = int(item.headers["sequence"]), (item.place, origin)
        began = self.begins[item.place] == 0
        last = self._seen.get(key, 0 if began else sequence - 1)
        if not self._gone(item.place, origin).issuperset(range(last + 1, sequence)):
            self.wrong.append(f"a gap was read over: {origin!r} {last} → {sequence}")
        if sequence <= last:
            return False
        self._seen[key] = sequence
        return True

    def _gone(self, place: Place, origin: bytes) -> set[int]:
        """The numbers that were trimmed away before anybody read there: a late repetition may come after them."""
        return {
            int(item.headers["sequence"])
            for item in self.history[place][: self.begins[place]]
            if item.headers.get("origin") == origin
        }

    def _apply(self, fold: Any, signal: Signal, now: datetime, batch: Journaled) -> None:
        key = self.key_of(signal)
        state, last = self.states.get(key, (None, now))
        now = max(now, last)
        try:
            folded: Folded[Any] = fold(state, signal, now)
        except Exception:  # noqa: BLE001 - as the runtime does
            assert isinstance(signal, Record)
            where = (signal.topic, signal.partition, signal.offset)
            self.failed.add((*where, "fold_failed"))
            return
        self.states[key] = (folded.state, now)
        self.steps.append(Step(key, signal, state, folded.state))
        effects = effects_of(
            folded.consequences,
            signal.partition,
            now=now,
            loop=self.loop,
            workspace=signal.workspace,
            cause=signal.cause,
            correlation=signal.correlation,
            traceparent=signal.traceparent,
        )
        self.told[signal.partition].extend(Told(effect, batch) for effect in effects)
        self._set_timers(folded, signal)

    def _set_timers(self, folded: Folded[Any], signal: Signal) -> None:
        for name, due_at in folded.timers.items():
            profile = (
                signal.profile_id if isinstance(signal, TimerDue) else UUID(signal.event.subject)
            )
            key = (signal.partition, profile, name)
            self.timers.pop(key, None)
            if due_at is not None:
                self.timers[key] = TimerDue(
                    signal.partition, signal.workspace, profile, name, due_at, signal.correlation
                )


def journal_of(
    history: History, ranks: Mapping[tuple[Place, int], int], topic: str, partition: int
) -> tuple[list[Journaled], list[str]]:
    """The batches of a partition in order, each once; second, what is wrong with the journal."""
    place, wrong = Place(topic, partition), []
    batches: list[Journaled] = []
    for item in history[place]:
        entry = decode_event(item.value or b"").payload(BatchJournaled)
        if entry.batch <= len(batches):
            if entry != batches[entry.batch - 1].entry:
                wrong.append(f"two journal records say batch {entry.batch} of {place}")
            continue
        if entry.batch != len(batches) + 1:
            wrong.append(f"batch {entry.batch} comes after {len(batches)} in {place}")
            return batches, wrong
        rank = ranks[place, item.offset]
        batches.append(Journaled(entry, rank, item.appended_at))
    return batches, wrong


def merged(journals: Mapping[int, list[Journaled]]) -> list[Journaled]:
    """The batches of all partitions in one order: by the number drawn under the last lock, where there is one."""
    keyed = []
    for partition, batches in journals.items():
        draw = 0
        for batch in batches:
            draw = max(draw, batch.entry.draw or 0)
            keyed.append((draw, partition, batch.entry.batch, batch))
    return [batch for *_, batch in sorted(keyed, key=lambda item: item[:3])]
