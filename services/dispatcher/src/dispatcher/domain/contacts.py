"""How far the contacts are folded, in the brokers' time: statements of progress against end offsets."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class _Claim:
    until: datetime
    end: int


@dataclass(slots=True)
class ContactsProgress:
    """Tells per partition of profile.contacts up to which T of the raw events it is folded.

    resolve publishes a contact snapshot before the statement of progress that covers it. So when a
    statement was read, every snapshot of before its T lies below the end offset that is asked for
    *afterwards*; folded to there is folded up to T.
    """

    raw_partitions: int
    _stated: dict[int, datetime] = field(default_factory=dict)
    _waiting: dict[int, _Claim] = field(default_factory=dict)
    _reached: dict[int, datetime] = field(default_factory=dict)

    def state(self, raw_partition: int, until: datetime) -> None:
        """Take note of a statement of progress; an older one than the newest says nothing new."""
        known = self._stated.get(raw_partition)
        if known is None or until > known:
            self._stated[raw_partition] = until

    @property
    def stated(self) -> datetime | None:
        """The T that every raw partition has stated; None until each of them spoke."""
        if len(self._stated) < self.raw_partitions:
            return None
        return min(self._stated.values())

    def sight(self, until: datetime, ends: Mapping[int, int]) -> None:
        """Note the end offsets that were asked for after `until` had been stated.

        One that is still waited for stays: under a steady stream the newest end is never reached.
        """
        for partition, end in ends.items():
            self._waiting.setdefault(partition, _Claim(until, end))

    def fold(self, positions: Mapping[int, int]) -> None:
        """Note how far the contacts are folded: per partition the next offset to be read."""
        for partition, claim in list(self._waiting.items()):
            if positions.get(partition, 0) >= claim.end:
                del self._waiting[partition]
                known = self._reached.get(partition)
                self._reached[partition] = max(known or claim.until, claim.until)

    def until(self, partitions: Collection[int]) -> datetime | None:
        """Up to which T the contacts of all these partitions are folded; None while nobody knows."""
        reached = [
            self._reached[partition] for partition in partitions if partition in self._reached
        ]
        return min(reached) if len(reached) == len(partitions) else None
