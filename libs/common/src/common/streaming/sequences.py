"""Dense sequences: drop what was seen, stop on a gap, number what goes out."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from common.streaming.ports import Fetched, Place, Standing

BEGIN = "@begin"
"""Under this origin `seen` keeps the offset at which reading a place began."""

ACCEPTED = "@accepted/"
"""Under this and an origin `seen` keeps the number after which an operator takes whatever comes."""

BASED = "@based/"
"""Under this and an origin `seen` keeps the number with which a trimmed log began, until the first jump; then 0."""

LONGEST_REPETITION = 50_000
"""More numbers than a writer ever keeps to publish them again."""

RETRIED = "@retried/"
"""Under this and its offset `seen` keeps that a quarantined signal was retried."""


class Arrival(Enum):
    """What a record's sequence says of it."""

    NEW = "new"
    SEEN = "seen"
    GAP = "gap"


@dataclass(slots=True)
class SequenceCheck:
    """Follows one batch's sequences of one partition, without touching what is committed."""

    standing: Standing
    moved: dict[tuple[Place, str], int]

    @classmethod
    def of(cls, standing: Standing) -> SequenceCheck:
        return cls(standing, {})

    def began(self, place: Place, offset: int) -> None:
        """Remember where reading a place began: only from 0 can a first sequence be required to be 1."""
        if (place, BEGIN) not in self.standing.seen:
            self.moved[place, BEGIN] = offset

    def arrival(self, fetched: Fetched) -> Arrival:
        """Judge the record; a new one is counted as seen from here on."""
        origin, number = fetched.headers.get("origin"), fetched.headers.get("sequence")
        if origin is None or number is None:
            return (
                Arrival.NEW
            )  # an edge's or a foreign producer's: known by its id, where it enters
        key, sequence = (fetched.place, origin.decode()), int(number)
        last = self._last(key)
        if last is None:
            self.moved[key[0], BASED + key[1]] = sequence
        elif sequence <= last:
            return Arrival.SEEN
        elif sequence > last + 1 and not self._may_jump(key, last):
            return Arrival.GAP
        self.moved[key] = sequence
        return Arrival.NEW

    def _may_jump(self, key: tuple[Place, str], last: int) -> bool:
        return self._is_accepted(key, last) or self._was_repetition(key, last)

    def _was_repetition(self, key: tuple[Place, str], last: int) -> bool:
        """Whether all that came so far may be what a writer that was replaced published late, for the second time.

        Only where trimming cut off the first time; only once, so that what is lost later is a gap.
        """
        based = (key[0], BASED + key[1])
        base = self._known(based)
        if not base or last - base >= LONGEST_REPETITION:
            return False
        self.moved[based] = 0
        return True

    def _is_accepted(self, key: tuple[Place, str], last: int) -> bool:
        place, origin = key
        return self.standing.seen.get((place, ACCEPTED + origin)) == last

    def first_time(self, place: Place, offset: int) -> bool:
        """Whether this quarantined signal was never retried; from here on it was."""
        key = (place, f"{RETRIED}{offset}")
        if key in self.moved or key in self.standing.seen:
            return False
        self.moved[key] = 1
        return True

    def _last(self, key: tuple[Place, str]) -> int | None:
        known = self._known(key)
        if known is not None:
            return known
        # A log whose beginning was trimmed away gives any number as the base.
        return None if self._known((key[0], BEGIN)) else 0

    def _known(self, key: tuple[Place, str]) -> int | None:
        moved = self.moved.get(key)
        return self.standing.seen.get(key) if moved is None else moved


@dataclass(slots=True)
class SequenceDraw:
    """Draws numbers for one batch; they become real only when the batch commits."""

    partitions: int
    counters: dict[str, list[int]]

    @classmethod
    def of(cls, standing: Standing, partitions: int) -> SequenceDraw:
        return cls(partitions, {topic: list(row) for topic, row in standing.drawn.items()})

    def next(self, target: Place) -> int:
        row = self.counters.setdefault(target.topic, [0] * self.partitions)
        row[target.partition] += 1
        return row[target.partition]
