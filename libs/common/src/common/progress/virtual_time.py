"""Virtual time: the append time up to which a reader has read all that resolve made of the raw events."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime

from common.contracts.ingestion import IngestProgressed
from common.streaming.ports import Bounds, Place, Standing
from common.streaming.sequences import BASED, BEGIN


@dataclass(slots=True)
class _RawPartition:
    waiting: IngestProgressed | None = None
    bounds: Bounds | None = None
    """Of the place, asked after the waiting statement was read; only where it is in doubt."""
    newest: IngestProgressed | None = None
    reached: datetime | None = None


@dataclass(slots=True)
class VirtualTime:
    """Holds, for one partition of profile.activity, one statement per raw partition until it is reached.

    A statement stays until it is reached although newer ones arrive: under a steady stream the
    newest is always a little ahead, and would never be reached.

    Where the place's beginning was trimmed before it was read first, all that an origin ever wrote may be gone: then its
    sequences show nothing, and a statement is in doubt until everything is read that the log held after it was made.
    """

    place: Place
    partitions: int
    _raw: dict[int, _RawPartition] = field(default_factory=dict)
    _at: datetime | None = None

    def state(self, statement: IngestProgressed) -> None:
        """Take note of a statement; older ones than the newest are ignored."""
        raw = self._raw.setdefault(statement.partition, _RawPartition())
        if raw.newest is None or statement.until >= raw.newest.until:
            raw.newest = statement
        if raw.waiting is None or raw.waiting.origin != statement.origin:
            raw.waiting, raw.bounds = raw.newest, None

    def advance(self, standing: Standing) -> datetime | None:
        """The virtual time W after what was folded; None until every raw partition spoke."""
        for raw in self._raw.values():
            self._reach(raw, standing)
        reached = [raw.reached for raw in self._raw.values() if raw.reached is not None]
        if len(reached) == self.partitions:
            lowest = min(reached)
            self._at = lowest if self._at is None else max(self._at, lowest)
        return self._at

    def doubts(self, standing: Standing) -> list[IngestProgressed]:
        """The statements for which the log's bounds must be known."""
        return [
            raw.waiting
            for raw in self._raw.values()
            if raw.waiting is not None
            and raw.bounds is None
            and self._may_be_trimmed(raw.waiting, standing)
        ]

    def settle(self, doubts: Collection[IngestProgressed], bounds: Bounds) -> None:
        """Take note of bounds that were asked after these statements were read."""
        for statement in doubts:
            raw = self._raw[statement.partition]
            if raw.waiting is statement:
                raw.bounds = bounds

    def _reach(self, raw: _RawPartition, standing: Standing) -> None:
        while raw.waiting is not None and self._is_reached(raw.waiting, raw.bounds, standing):
            if raw.reached is None or raw.waiting.until > raw.reached:
                raw.reached = raw.waiting.until
            raw.waiting = None if raw.newest is raw.waiting else raw.newest
            raw.bounds = None

    def _is_reached(
        self, statement: IngestProgressed, bounds: Bounds | None, standing: Standing
    ) -> bool:
        sequence = statement.sequences[self.place.partition]
        if standing.seen.get((self.place, statement.origin), 0) >= sequence:
            return True
        if bounds is None or bounds.begin == 0 or not self._may_be_trimmed(statement, standing):
            return False
        position = standing.positions.get(self.place)
        return (bounds.begin if position is None else position.next_offset) >= bounds.end

    def _may_be_trimmed(self, statement: IngestProgressed, standing: Standing) -> bool:
        """Whether the log may hold nothing of what is stated: no number was seen, or only such as may be repetitions."""
        began = standing.seen.get((self.place, BEGIN))
        known = (self.place, statement.origin) in standing.seen
        based = standing.seen.get((self.place, BASED + statement.origin))
        return began != 0 and (not known or bool(based))
