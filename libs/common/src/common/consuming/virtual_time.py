"""Virtual time: the append time up to which a reader has read all that resolve made of the raw events."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from common.consuming.ports import Place
from common.contracts.ingestion import IngestProgressed


@dataclass(slots=True)
class _RawPartition:
    waiting: IngestProgressed | None = None
    newest: IngestProgressed | None = None
    reached: datetime | None = None


@dataclass(slots=True)
class VirtualTime:
    """Holds, for one partition of profile.activity, one statement per raw partition until it is reached.

    A statement stays until it is reached although newer ones arrive: under a steady stream the
    newest is always a little ahead, and would never be reached.
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
            raw.waiting = raw.newest

    def advance(self, seen: Mapping[tuple[Place, str], int]) -> datetime | None:
        """The virtual time W after so many sequences were folded; None until every raw partition spoke."""
        for raw in self._raw.values():
            self._reach(raw, seen)
        reached = [raw.reached for raw in self._raw.values() if raw.reached is not None]
        if len(reached) == self.partitions:
            lowest = min(reached)
            self._at = lowest if self._at is None else max(self._at, lowest)
        return self._at

    def _reach(self, raw: _RawPartition, seen: Mapping[tuple[Place, str], int]) -> None:
        while raw.waiting is not None and self._is_reached(raw.waiting, seen):
            if raw.reached is None or raw.waiting.until > raw.reached:
                raw.reached = raw.waiting.until
            raw.waiting = None if raw.newest is raw.waiting else raw.newest

    def _is_reached(
        self, statement: IngestProgressed, seen: Mapping[tuple[Place, str], int]
    ) -> bool:
        sequence = statement.sequences[self.place.partition]
        return seen.get((self.place, statement.origin), 0) >= sequence
