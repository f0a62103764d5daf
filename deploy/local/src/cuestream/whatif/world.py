"""Customers in memory: the orchestrator's own folds, without a database and without anybody who sends."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from datetime import timedelta
from typing import Any, Final

from common.consuming.folding import Folder, Fuse, NowOf
from common.merging import Kept
from common.publishing.effects import Effect
from common.streaming.model import Entry, Handlers, Record, Sheet, Signal, TimerDue
from common.streaming.ports import TimerChange
from cuestream.whatif.timers import Timers
from orchestrator.consumer import LOOP
from orchestrator.domain.state import ProfileState

State = Kept[ProfileState]
Table = Handlers[State]
TICK: Final = timedelta(milliseconds=250)
"""How far virtual time is beyond a timer's instant when it fires: resolve states progress so often."""
_NO_FUSE: Final = 1_000_000_000
"""What failed then fails now: that is no news."""


class _Entries(dict[Hashable, Entry[State]]):
    """Whoever is met for the first time is a stranger."""

    def __missing__(self, key: Hashable) -> Entry[State]:
        entry = self[key] = Entry(None, None)
        return entry


class World:
    """The states of one workspace's profiles on some partitions; a batch changes them in place."""

    def __init__(
        self, keeps: Callable[[TimerChange], bool] = lambda _: True, **timers: Any
    ) -> None:
        """`keeps` says whether a timer that a fold sets is ours to fire; the rest is told to `Timers`."""
        self.entries = _Entries()
        self.timers = Timers(**timers)
        self._sheet: Sheet[State] = Sheet(self.entries, key_of)
        self._keeps = keeps
        self._fuse = Fuse(_NO_FUSE)

    def fold(
        self, table: Table, signals: Sequence[Signal], due: Sequence[TimerDue], now_of: NowOf
    ) -> Sequence[Effect]:
        """Fold what was read, then the due timers, as a batch does; returns what came of it."""
        folder = Folder(LOOP, table, self._fuse)
        wanted = [signal for signal in signals if folder.touches(signal)]
        if not wanted and not due:
            return ()
        outcome = folder.fold(self._sheet, wanted, due, now_of)
        self.timers.change(change for change in outcome.timers.values() if self._keeps(change))
        return outcome.effects

    def state(self, key: Hashable) -> ProfileState | None:
        """A profile's state, where it is known and has not left for another."""
        entry = self.entries.get(key)
        return None if entry is None or entry.state is None else entry.state.state

    def holds(self, timer: TimerDue) -> bool:
        """Whether it fired, but waits for a merge."""
        entry = self.entries.get(key_of(timer))
        return entry is not None and entry.state is not None and timer.name in entry.state.held


def key_of(signal: Signal) -> str:
    """Whose state it is: one workspace's profiles are told apart by their ids."""
    return signal.event.subject if isinstance(signal, Record) else str(signal.profile_id)
