"""What was put aside, by whom and why: the other of the two ends that an accepted event may have."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple
from uuid import UUID

import msgspec

from common.consuming import Record, Signal, TimerDue
from common.contracts import load_topics
from common.contracts.topics import QUARANTINE_SUFFIX
from common.streaming.ports import Fetched, Place
from tests.fault.checker.report import Report
from tests.fault.history.model import History

CIRCUMSTANCES: Final = frozenset(
    {"fold_failed", "unknown_workspace", "state_rejected", "newer_schema"}
)
"""Reasons that lie not in the record alone: whoever reads it later may find nothing wrong with it."""


class Origin(NamedTuple):
    """Which service put which record aside."""

    service: str
    place: Place
    offset: int


@dataclass(slots=True)
class Quarantine:
    """Every record of every quarantine topic."""

    reasons: dict[Origin, str] = field(default_factory=dict)
    rejected: dict[str, str] = field(default_factory=dict)
    """By event id: what the edge set aside, and why."""
    timers: dict[tuple[str, UUID, str, str], str] = field(default_factory=dict)
    """By service, profile, name and due time."""

    @classmethod
    def of(cls, history: History, report: Report) -> Quarantine:
        quarantine = cls()
        for topic in load_topics(history.partitions):
            if topic.name.endswith(QUARANTINE_SUFFIX):
                for partition in range(topic.partitions):
                    for item in history.records(Place(topic.name, partition)):
                        quarantine._take(item, report)
        return quarantine

    def _take(self, item: Fetched, report: Report) -> None:
        headers = {name: text.decode("utf-8", "replace") for name, text in item.headers.items()}
        reason, service = headers.get("reason", ""), headers.get("service", "")
        if not reason:
            report.find("I7", "put aside without a reason", f"{item.place}@{item.offset}")
        if "event_id" in headers:
            self.rejected.setdefault(headers["event_id"], reason)
            return
        place = Place(headers.get("origin_topic", ""), int(headers.get("origin_partition", "-1")))
        offset = int(headers.get("origin_offset", "-1"))
        if offset < 0:
            self._take_timer(service, item, reason)
            return
        origin = Origin(service, place, offset)
        if origin in self.reasons:
            report.count("physical_duplicates")
        else:
            report.count("quarantined")
        self.reasons[origin] = reason

    def _take_timer(self, service: str, item: Fetched, reason: str) -> None:
        timer: dict[str, Any] = msgspec.json.decode(item.value or b"{}")
        key = (service, UUID(timer["profile_id"]), str(timer["timer"]), str(timer["due_at"]))
        self.timers.setdefault(key, reason)

    def reason(self, service: str, signal: Signal) -> str | None:
        """Why this was put aside; None: it was not."""
        if isinstance(signal, TimerDue):
            due_at = signal.due_at.isoformat()
            return self.timers.get((service, signal.profile_id, signal.name, due_at))
        return self.reason_of(service, Place(signal.topic, signal.partition), signal.offset)

    def reason_of(self, service: str, place: Place, offset: int) -> str | None:
        return self.reasons.get(Origin(service, place, offset))


@dataclass(frozen=True, slots=True)
class Ends:
    """Compares, record by record, what should have become of it with what did."""

    service: str
    quarantine: Quarantine
    report: Report

    def spoiled(self, item: Fetched, reason: str) -> None:
        """This can never succeed: it must have been put aside."""
        if self.quarantine.reason_of(self.service, item.place, item.offset) is None:
            self.report.find(
                "I7",
                "neither processed nor put aside",
                f"{self.service} {item.place}@{item.offset}: {reason}",
                also="lost",
            )

    def failed(self, signal: Signal, reason: str) -> None:
        """Its fold raised: it must have been put aside."""
        if self.quarantine.reason(self.service, signal) is None:
            self.report.find(
                "I7", "neither processed nor put aside", f"{name_of(signal)}: {reason}", also="lost"
            )

    def is_spared(self, signal: Signal) -> bool:
        """Whether it was put aside for what lies not in itself: then it has to be left out."""
        return self.quarantine.reason(self.service, signal) in CIRCUMSTANCES

    def folded(self, signal: Signal) -> None:
        """Nothing is wrong with it: it must not have been put aside."""
        reason = self.quarantine.reason(self.service, signal)
        if reason is not None:
            self.report.find(
                "I7", "put aside without need", f"{name_of(signal)}: {reason}", also="lost"
            )


def name_of(signal: Signal) -> str:
    if isinstance(signal, Record):
        return f"{signal.topic}/{signal.partition}@{signal.offset}"
    return f"timer {signal.name} of {signal.profile_id}"
