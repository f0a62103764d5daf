"""Folds a batch's signals over a sheet: pure, in order, and a fold that raises changes nothing."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Generic, TypeVar
from uuid import UUID

from common.errors import PermanentError
from common.publishing.effects import Effect, Failure, effects_of
from common.streaming.model import (
    Entry,
    Fold,
    Folded,
    Handlers,
    Record,
    Sheet,
    Signal,
    TimerDue,
)
from common.streaming.ports import TimerChange

S = TypeVar("S")


class FuseBlownError(Exception):
    """Too many folds failed in a row: this is a bug in the code, not poison in the data."""


@dataclass(slots=True)
class Fuse:
    """Counts folds that failed by a bug without one good fold between them."""

    limit: int = 100
    failures: int = 0

    def good(self) -> None:
        self.failures = 0

    def bad(self, error: Exception) -> None:
        self.failures += 1
        if self.failures >= self.limit:
            raise FuseBlownError(f"{self.failures} folds failed in a row") from error


@dataclass(slots=True)
class Outcome(Generic[S]):
    """What folding one batch led to."""

    refused: Mapping[Hashable, str] = field(default_factory=dict)
    """By key, why the database does not take that state."""
    effects: list[Effect] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)
    timers: dict[tuple[UUID, str], TimerChange] = field(default_factory=dict)
    fired: list[TimerDue] = field(default_factory=list)

    def entry(self, sheet: Sheet[S], signal: Signal) -> Entry[S]:
        """The state that a signal is folded on.

        Raises:
            PermanentError: `state_rejected`, or whatever the key says.
        """
        key = sheet.key_of(signal)
        if self.refused and key in self.refused:
            raise PermanentError("state_rejected", self.refused[key])
        return sheet.entries[key]


@dataclass(frozen=True, slots=True)
class Folder(Generic[S]):
    """Folds one batch: first the records, then the timers that no record of the batch moved."""

    loop: str
    handlers: Handlers[S]
    fuse: Fuse

    def touches(self, signal: Signal) -> bool:
        # Asked of a record first: of the class that something is, it is answered at once.
        return not isinstance(signal, Record) or signal.event.type in self.handlers.records

    def fold(
        self,
        sheet: Sheet[S],
        signals: Sequence[Signal],
        timers: Sequence[TimerDue],
        now_of: NowOf,
        refused: Mapping[Hashable, str] = MappingProxyType({}),
    ) -> Outcome[S]:
        """Fold what was read, then the due timers.

        `refused` are keys of states that the database would not take, with why: their signals are set aside.
        """
        outcome: Outcome[S] = Outcome(refused)
        for signal in signals:
            if isinstance(signal, Record):
                fold = self.handlers.records[signal.event.type]
                self._apply(fold, signal, sheet, signal.accepted_at, outcome)
            elif self.handlers.timer is not None and signal.retried_at is not None:
                self._apply(self.handlers.timer, signal, sheet, signal.retried_at, outcome)
        for timer in timers:
            if (timer.profile_id, timer.name) in outcome.timers or self.handlers.timer is None:
                continue  # a record of this very batch moved or cancelled it
            outcome.fired.append(timer)
            self._apply(self.handlers.timer, timer, sheet, now_of(timer), outcome)
        return outcome

    def _apply(
        self, fold: Fold[S], signal: Signal, sheet: Sheet[S], now: datetime, outcome: Outcome[S]
    ) -> None:
        try:
            entry = outcome.entry(sheet, signal)
            now = now if entry.now is None else max(now, entry.now)
            folded = fold(entry.state, signal, now)
            effects = _effects(folded, signal, now, self.loop) if folded.consequences else ()
            changes = _timer_changes(folded, signal) if folded.timers else {}
        except PermanentError as error:
            outcome.failures.append(Failure(signal, error.reason, error.detail[:300]))
            return
        except Exception as error:  # noqa: BLE001 - any bug in a fold is that event's poison, until the fuse blows
            self.fuse.bad(error)
            outcome.failures.append(Failure(signal, "fold_failed", _place_of(error)))
            return
        self.fuse.good()
        entry.state, entry.now, entry.changed = folded.state, now, True
        outcome.effects.extend(effects)
        outcome.timers.update(changes)


NowOf = Callable[[TimerDue], datetime]


def _effects(folded: Folded[S], signal: Signal, now: datetime, loop: str) -> list[Effect]:
    return effects_of(
        folded.consequences,
        signal.partition,
        now=now,
        loop=loop,
        workspace=signal.workspace,
        cause=signal.cause,
        correlation=signal.correlation,
        traceparent=signal.traceparent,
        history=signal.history,
    )


def _timer_changes(folded: Folded[S], signal: Signal) -> dict[tuple[UUID, str], TimerChange]:
    profile = folded.profile_id or signal.profile_id
    return {
        (profile, name): TimerChange(
            partition=signal.partition,
            workspace=signal.workspace,
            profile_id=profile,
            name=name,
            due_at=due_at,
            correlation=signal.correlation,
            traceparent=signal.traceparent,
        )
        for name, due_at in folded.timers.items()
    }


def _place_of(error: Exception) -> str:
    """Where it happened, without the message: that may hold personal data."""
    frames = traceback.extract_tb(error.__traceback__)
    if not frames:
        return type(error).__name__
    last = frames[-1]
    return f"{type(error).__name__} in {last.name}, line {last.lineno}"
