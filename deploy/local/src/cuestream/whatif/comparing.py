"""What a candidate would have changed: decisions that were made beside those that would have been, passage by passage."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from statistics import median
from typing import Final
from uuid import UUID

import msgspec

from cuestream.whatif.ruling import Fate, Ruling

SAMPLES: Final = 5
"""Profiles that are shown of each change."""
NOTICED: Final = timedelta(seconds=1)
"""Less than that is the runtime's own pace, no change."""

Pair = tuple[Ruling | None, Ruling | None]
"""What was decided and what would have been."""


class Sample(msgspec.Struct, frozen=True):
    """One of those whom a change concerns."""

    profile_id: UUID
    before_at: datetime | None
    after_at: datetime | None


class Change(msgspec.Struct, frozen=True):
    """So many decisions that would have been others."""

    before: Fate | None
    """None: nothing was decided."""
    after: Fate | None
    """None: nothing would have been decided."""
    count: int
    samples: tuple[Sample, ...]
    """The first of them."""
    loses: tuple[str, ...] = ()
    """Values that the same message would no longer carry, such as `vars.voucher`."""
    gains: tuple[str, ...] = ()
    waits: bool = False
    """Nothing would have been decided yet: the passage was still under way at the end."""

    @property
    def adds(self) -> bool:
        return (
            self.after is not None
            and self.after.sends
            and not (self.before is not None and self.before.sends)
        )

    @property
    def removes(self) -> bool:
        return (
            self.before is not None
            and self.before.sends
            and not (self.after is not None and self.after.sends)
        )


class Comparison(msgspec.Struct, frozen=True):
    """Two pasts side by side."""

    sends_before: int
    sends_after: int
    added: int
    removed: int
    same: int
    """Decisions that are the same, whenever they came."""
    later: int
    """Of these, those that would have come later by more than a second."""
    earlier: int
    shift_seconds: float | None
    """The median of how much later (less than 0: earlier) those would have come."""
    changes: tuple[Change, ...]
    """The most frequent first."""


def compare(
    live: Sequence[Ruling], supposed: Sequence[Ruling], under_way: Collection[UUID] = ()
) -> Comparison:
    """Compare; `under_way` are the passages (by what began them) that the candidate would not have ended yet."""
    found: defaultdict[_Kind, list[Sample]] = defaultdict(list)
    shifts: list[timedelta] = []
    same = 0
    for before, after in pairs(live, supposed):
        kind = _kind(before, after, under_way)
        if kind is None and before is not None and after is not None:
            same += 1
            shifts.append(after.at - before.at)
        elif kind is not None:
            found[kind].append(_sample(before, after))
    changes = sorted((_change(*one) for one in found.items()), key=_rank)
    moved = [shift for shift in shifts if abs(shift) > NOTICED]
    return Comparison(
        sends_before=sum(one.fate.sends for one in live),
        sends_after=sum(one.fate.sends for one in supposed),
        added=sum(change.count for change in changes if change.adds),
        removed=sum(change.count for change in changes if change.removes),
        same=same,
        later=sum(shift > NOTICED for shift in moved),
        earlier=sum(shift < -NOTICED for shift in moved),
        shift_seconds=median(one.total_seconds() for one in moved) if moved else None,
        changes=tuple(changes),
    )


def pairs(live: Iterable[Ruling], supposed: Iterable[Ruling]) -> Iterator[Pair]:
    """What belongs together.

    Of what one trigger began first the same messages in their order, then the rest in theirs. What then has no other side is
    put beside the same message to the same profile: a trigger that is written otherwise has other passages.
    """
    alone: list[Pair] = []
    for pair in _by(lambda one: one.trigger_id, live, supposed):
        if None in pair:
            alone.append(pair)
        else:
            yield pair
    ours = [one for one, _ in alone if one is not None]
    theirs = [one for _, one in alone if one is not None]
    yield from _by(_receipt, ours, theirs)


def _receipt(ruling: Ruling) -> Hashable:
    """What a profile got; of what was not sent each stays alone."""
    fate = ruling.fate
    return (ruling.profile_id, fate.message) if fate.sends else ruling.decision_id


def _by(
    key: Callable[[Ruling], Hashable], live: Iterable[Ruling], supposed: Iterable[Ruling]
) -> Iterator[Pair]:
    together: defaultdict[Hashable, tuple[list[Ruling], list[Ruling]]] = defaultdict(
        lambda: ([], [])
    )
    for side, rulings in enumerate((live, supposed)):
        for ruling in sorted(rulings, key=lambda one: (one.at, one.decision_id)):
            together[key(ruling)][side].append(ruling)
    for ours, theirs in together.values():
        yield from _paired(ours, theirs)


def _paired(ours: list[Ruling], theirs: list[Ruling]) -> Iterator[Pair]:
    left: list[Ruling] = []
    for one in ours:
        twin = next((each for each in theirs if each.fate.message == one.fate.message), None)
        if twin is None:
            left.append(one)
        else:
            theirs.remove(twin)
            yield one, twin
    yield from zip(left, theirs, strict=False)
    for one in left[len(theirs) :]:
        yield one, None
    for one in theirs[len(left) :]:
        yield None, one


class _Kind(msgspec.Struct, frozen=True):
    """What changes of one sort have in common."""

    before: Fate | None
    after: Fate | None
    loses: tuple[str, ...] = ()
    gains: tuple[str, ...] = ()
    waits: bool = False


def _kind(before: Ruling | None, after: Ruling | None, under_way: Collection[UUID]) -> _Kind | None:
    """None: the two are the same."""
    if before is None or after is None:
        waits = before is not None and before.trigger_id in under_way
        return _Kind(_fate(before), _fate(after), waits=waits)
    loses, gains = _carried(before, after)
    if before.fate == after.fate and not loses and not gains:
        return None
    return _Kind(before.fate, after.fate, loses, gains)


def _carried(before: Ruling, after: Ruling) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What is lost and what is gained of the values, where it is the same message and both are known."""
    if before.carries is None or after.carries is None or before.fate != after.fate:
        return (), ()
    ours, theirs = set(before.carries), set(after.carries)
    return tuple(sorted(ours - theirs)), tuple(sorted(theirs - ours))


def _fate(ruling: Ruling | None) -> Fate | None:
    return None if ruling is None else ruling.fate


def _sample(before: Ruling | None, after: Ruling | None) -> Sample:
    known = before or after
    if known is None:
        raise ValueError("a pair has at least one side")
    return Sample(
        known.profile_id,
        None if before is None else before.at,
        None if after is None else after.at,
    )


def _change(kind: _Kind, samples: list[Sample]) -> Change:
    first = sorted(samples, key=lambda one: (_at(one), one.profile_id))[:SAMPLES]
    return Change(
        kind.before,
        kind.after,
        len(samples),
        tuple(first),
        loses=kind.loses,
        gains=kind.gains,
        waits=kind.waits,
    )


def _at(sample: Sample) -> datetime:
    at = sample.before_at or sample.after_at
    if at is None:
        raise ValueError("a sample has at least one instant")
    return at


def _rank(change: Change) -> tuple[bool, int, str, str]:
    """What moves messages first, then the most frequent."""
    moves = change.adds or change.removes
    return not moves, -change.count, repr(change.before), repr(change.after)
