"""The journals: exactly what each batch processed, walked in order beside the topics it speaks of."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from common.contracts import decode_event
from common.contracts.runtime import BatchJournaled
from common.errors import PermanentError
from common.streaming.ports import Fetched, Place
from tests.fault.checker.report import Report
from tests.fault.history.model import History


class Batch(NamedTuple):
    """One batch of one partition, and when its record was appended: its commit was before."""

    entry: BatchJournaled
    appended_at: datetime


def batches(history: History, service: str, partition: int, report: Report) -> Iterator[Batch]:
    """Each batch once, in order; repetitions are counted, gaps and crossings found."""
    last, known = 0, dict[int, int]()
    for item in history.records(Place(service + ".journal", partition)):
        entry = _entry(item)
        if entry is None:
            report.find(
                "I3", "journal record that cannot be read", f"{service}/{partition}@{item.offset}"
            )
            continue
        digest = zlib.crc32(item.value or b"")
        if entry.batch in known:
            report.count("physical_duplicates")
            if known[entry.batch] != digest:
                report.find(
                    "I3", "two batches of one number", _name(service, entry), also="doubled"
                )
            continue
        known[entry.batch] = digest
        if entry.batch < last:
            report.find("I3", "journal out of order", _name(service, entry), also="out_of_order")
        elif entry.batch > last + 1:
            report.find(
                "I3",
                "batches missing in the journal",
                f"{last + 1} to {_name(service, entry)}",
                also="lost",
            )
        last = max(last, entry.batch)
        yield Batch(entry, item.appended_at)


def _entry(item: Fetched) -> BatchJournaled | None:
    try:
        event = decode_event(item.value or b"")
        return event.payload(BatchJournaled) if event.type == BatchJournaled.TYPE else None
    except PermanentError:
        return None


def _name(service: str, entry: BatchJournaled) -> str:
    return f"{service}/{entry.partition} batch {entry.batch}"


@dataclass(slots=True)
class Walk:
    """Follows one place as the journal's runs say; each record must be taken once and none left out."""

    place: Place
    items: Iterator[Fetched]
    report: Report
    next: int = 0
    _ahead: Fetched | None = None
    _seen: dict[str, int] = field(default_factory=dict)
    _retried: set[tuple[Place, int]] = field(default_factory=set)

    @classmethod
    def of(cls, history: History, place: Place, report: Report) -> Walk:
        return cls(place, history.records(place), report, history.bounds(place).begin)

    def take(self, first: int, last: int) -> list[Fetched]:
        """The records of a run."""
        if first > self.next:
            self.report.find(
                "I1",
                "records that no batch took",
                f"{self.place} {self.next}-{first - 1}",
                also="lost",
            )
        elif first < self.next:
            self.report.find(
                "I2", "records taken twice", f"{self.place} {first}-{self.next - 1}", also="doubled"
            )
        taken = [item for item in self._until(last) if item.offset >= first]
        self.next = max(self.next, last + 1)
        return taken

    def _until(self, last: int) -> Iterator[Fetched]:
        while True:
            if self._ahead is None:
                self._ahead = next(self.items, None)
            if self._ahead is None or self._ahead.offset > last:
                return
            item, self._ahead = self._ahead, None
            yield item

    def rest(self) -> Iterator[Fetched]:
        """What no batch took, at the end."""
        if self._ahead is not None:
            yield self._ahead
        yield from self.items

    def is_new(self, item: Fetched) -> bool:
        """Whether its sequence was not met yet; a gap is something lost on the way."""
        origin, number = item.headers.get("origin"), item.headers.get("sequence")
        if origin is None or number is None:
            return True
        key, sequence = origin.decode(), int(number)
        last = self._seen.get(key, 0)
        if sequence <= last:
            return False
        if sequence > last + 1:
            self.report.find(
                "I1", "sequence gap", f"{key} at {self.place}: {last} to {sequence}", also="lost"
            )
        self._seen[key] = sequence
        return True

    def is_first_retry(self, quarantine: Place, offset: int) -> bool:
        """Whether what lies there was not retried by an earlier command."""
        known = (quarantine, offset) in self._retried
        self._retried.add((quarantine, offset))
        return not known
