"""The sequential reference of scoring and orchestrator: one signal after the other, in the journal's order."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, NamedTuple, TypeVar
from uuid import UUID

from common.configuration import Configuration
from common.consuming import Handlers, Record, Signal, TimerDue
from common.contracts.profiles import ActivityRecorded
from common.contracts.runtime import FiredTimer, Run
from common.errors import PermanentError
from common.postgres import ProfileBook, ProfileKey
from common.streaming.model import Fold
from common.streaming.ports import Place
from tests.fault.checker.arrivals import Arrivals, Spoiled
from tests.fault.checker.journal import Batch, Walk, batches
from tests.fault.checker.output import Output
from tests.fault.checker.quarantine import Ends, name_of
from tests.fault.checker.releases import Releases
from tests.fault.checker.report import Report
from tests.fault.history.model import History

S = TypeVar("S")


class Service(NamedTuple):
    """A service with one aggregate per profile."""

    name: str
    loop: str
    inputs: Sequence[str]
    handlers: Callable[[Configuration], Handlers[Any]]
    book: ProfileBook[Any]


class Timer(NamedTuple):
    """One that is set."""

    due_at: datetime
    workspace: str
    correlation: UUID
    traceparent: str | None


@dataclass(slots=True)
class Refolded(Generic[S]):
    """Where one partition stands when everything in its journal was folded."""

    output: Output
    states: dict[ProfileKey, tuple[datetime, S]] = field(default_factory=dict)
    timers: dict[tuple[UUID, str], Timer] = field(default_factory=dict)
    walks: dict[Place, Walk] = field(default_factory=dict)
    last: Batch | None = None


class Refolding(Generic[S]):
    """Folds one partition of one service; what the runtime did to get there is not asked."""

    def __init__(
        self,
        history: History,
        service: Service,
        partition: int,
        releases: Releases,
        ends: Ends,
        report: Report,
    ) -> None:
        self._history = history
        self._service = service
        self._partition = partition
        self._releases = releases
        self._ends = ends
        self._report = report
        self._arrivals = Arrivals.of(history.partitions)
        self._tables: dict[int, Handlers[S]] = {}
        self._configuration = Configuration()
        self._fired: dict[UUID, datetime] = {}
        """The latest due time that fired, by profile."""
        self.done: Refolded[S] = Refolded(Output(service.loop, partition, history.partitions))
        for topic in service.inputs:
            place = Place(topic, partition)
            self.done.walks[place] = Walk.of(history, place, report)

    def run(self) -> Refolded[S]:
        for batch in batches(self._history, self._service.name, self._partition, self._report):
            self._choose(batch)
            for run in batch.entry.runs:
                for signal in self._signals(Place(run.topic, run.partition), run, batch):
                    self._read(signal)
            for fired in batch.entry.timers:
                self._fire(fired, batch.entry.virtual_time)
            self.done.last = batch
        return self.done

    def _choose(self, batch: Batch) -> None:
        try:
            self._configuration = self._releases.at(batch.entry.releases)
        except LookupError:
            self._report.find("I3", "releases that never were", str(batch.entry.releases))

    @property
    def _table(self) -> Handlers[S]:
        key = id(self._configuration)
        if key not in self._tables:
            self._tables[key] = self._service.handlers(self._configuration)
        return self._tables[key]

    def _signals(self, place: Place, run: Run, batch: Batch) -> Iterator[Signal]:
        walk = self.done.walks.get(place)
        if walk is None:
            self._report.find("I3", "a run of another partition", place)
            return
        for item in walk.take(run.first, run.last):
            arrived = self._arrivals.judge(item, walk, self._configuration, batch)
            if isinstance(arrived, Spoiled):
                self._ends.spoiled(arrived.item, arrived.reason)
            elif arrived is not None:
                yield arrived

    def _read(self, signal: Signal) -> None:
        if isinstance(signal, TimerDue):
            if self._table.timer is not None and signal.retried_at is not None:
                self._apply(self._table.timer, signal, signal.retried_at)
            return
        fold = self._table.records.get(signal.event.type)
        if fold is None or self._ends.is_spared(signal):
            return
        if signal.event.type == ActivityRecorded.TYPE:
            self._look_back(signal)
        self._apply(fold, signal, signal.accepted_at)

    def _look_back(self, record: Record) -> None:
        """Nothing that was accepted before a timer was due may come after it."""
        try:
            due_at = self._fired.get(UUID(record.event.subject))
        except ValueError:
            return
        if due_at is not None and record.accepted_at < due_at:
            self._report.find(
                "I6",
                "a timer fired before an event accepted before it was due",
                f"{self._service.name} {name_of(record)}, due {due_at}",
                also="early",
            )

    def _fire(self, fired: FiredTimer, now: datetime | None) -> None:
        self._report.count("timers_fired")
        key, name = (fired.profile_id, fired.name), f"{self._service.name} {fired}"
        timer = self.done.timers.get(key)
        if timer is None or timer.due_at != fired.due_at:
            self._report.find(
                "I6", "a timer fired that was not set, or twice", name, also="doubled"
            )
            return
        if now is None or fired.due_at >= now:
            self._report.find("I6", "a timer fired early", f"{name} at {now}", also="early")
        del self.done.timers[key]
        known = self._fired.get(fired.profile_id, fired.due_at)
        self._fired[fired.profile_id] = max(known, fired.due_at)
        due = TimerDue(
            partition=self._partition,
            workspace=timer.workspace,
            profile_id=fired.profile_id,
            name=fired.name,
            due_at=fired.due_at,
            correlation=timer.correlation,
            traceparent=timer.traceparent,
        )
        if self._table.timer is not None and now is not None and not self._ends.is_spared(due):
            self._apply(self._table.timer, due, now)

    def _apply(self, fold: Fold[S], signal: Signal, now: datetime) -> None:
        try:
            key = self._service.book.key_of(signal)
            before = self.done.states.get(key)
            now = now if before is None else max(now, before[0])
            folded = fold(None if before is None else before[1], signal, now)
        except PermanentError as error:
            self._ends.failed(signal, error.reason)
            return
        except Exception as error:  # noqa: BLE001 - the runtime puts aside whatever a fold raises
            self._ends.failed(signal, f"fold_failed {type(error).__name__}")
            return
        self._ends.folded(signal)
        self.done.states[key] = (now, folded.state)
        self.done.output.told(folded.consequences, signal, now)
        owner = folded.profile_id or key.profile_id
        for name, due_at in folded.timers.items():
            if due_at is None:
                self.done.timers.pop((owner, name), None)
            else:
                self.done.timers[owner, name] = Timer(
                    due_at, signal.workspace, signal.correlation, signal.traceparent
                )
