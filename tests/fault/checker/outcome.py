"""I1, I2 and I7 against what the clients know: every accepted message counts once, and each person stands as planned."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from common.contracts import decode_event
from common.contracts.ingestion import EventAccepted
from common.contracts.profiles import ActivityRecorded
from common.errors import PermanentError
from common.ids import accepted_event_id
from common.streaming.ports import Place
from tests.fault.checker.quarantine import Quarantine
from tests.fault.checker.report import Report
from tests.fault.history.model import History
from tests.fault.workload.answers import READERS, Answers
from tests.fault.workload.script import Plan

RAW: Final = "ingest.events"


@dataclass(frozen=True, slots=True)
class Told:
    """What the clients of a run know."""

    plan: Plan
    answers: Answers
    workspace: str
    source: str = "shop"

    def event_id(self, number: int) -> UUID:
        return accepted_event_id(self.workspace, self.source, self.plan.message_id(number))


def check_messages(history: History, told: Told, quarantine: Quarantine, report: Report) -> None:
    """Each accepted message is in the log, was taken in or put aside, and is one activity."""
    accepted = [n for n in range(told.plan.messages) if told.answers.is_accepted(n)]
    report.count("accepted", len(accepted))
    heard, aside = _raw(history, quarantine, report)
    seen = {row.event_id for row in history.rows("ingest.seen_messages")}
    activities = _activities(history, report)
    says_nothing = {step.number for step in told.plan.steps if step.verb == "identify"}
    for number in accepted:
        event_id = told.event_id(number)
        if event_id not in heard:
            report.find("I1", "answered 2xx, but not in the log", event_id, also="lost")
        elif event_id in seen:
            report.count("processed")
            if number not in says_nothing and event_id not in activities:
                report.find("I2", "taken in, but no activity", event_id, also="lost")
        elif event_id not in aside:
            report.find("I7", "neither taken in nor put aside", event_id, also="lost")


def _raw(history: History, quarantine: Quarantine, report: Report) -> tuple[set[UUID], set[UUID]]:
    """The ids of the raw events, and of those that were put aside."""
    heard: set[UUID] = set()
    aside: set[UUID] = set()
    for partition in range(history.partitions):
        place = Place(RAW, partition)
        for item in history.records(place):
            try:
                event = decode_event(item.value or b"")
            except PermanentError:
                continue
            if event.type != EventAccepted.TYPE:
                continue
            if event.id in heard:
                report.count("client_duplicates")
            heard.add(event.id)
            if quarantine.reason_of("ingest", place, item.offset) is not None:
                aside.add(event.id)
    return heard, aside


def _activities(history: History, report: Report) -> set[UUID]:
    """The events that are an activity; physical repetitions have the same origin and sequence."""
    found: set[UUID] = set()
    for partition in range(history.partitions):
        last: dict[bytes, int] = defaultdict(int)
        for item in history.records(Place("profile.activity", partition)):
            origin, sequence = item.headers.get("origin"), item.headers.get("sequence", b"")
            if origin is None or not sequence.isdigit() or int(sequence) <= last[origin]:
                continue
            last[origin] = int(sequence)
            event = decode_event(item.value or b"")
            if event.type == ActivityRecorded.TYPE:
                event_id = event.payload(ActivityRecorded).event_id
                if event_id in found:
                    report.find("I2", "one event, two activities", event_id, also="doubled")
                found.add(event_id)
    return found


def check_poison(history: History, told: Told, quarantine: Quarantine, report: Report) -> None:
    """Whoever reads a poison record has put it aside, with a reason; so has the edge what it rejected."""
    keys: defaultdict[Place, set[bytes]] = defaultdict(set)
    for poison in told.answers.poison:
        keys[Place(poison.topic, poison.partition)].add(poison.key)
    for place, wanted in keys.items():
        _check_poison_at(place, wanted, history, quarantine, report)
    for refused in told.answers.refused:
        identity = accepted_event_id(told.workspace, told.source, refused.message_id)
        if quarantine.rejected.get(str(identity)) != refused.reason:
            report.find("I7", "a rejected message that was not put aside", refused.message_id)
    for oddity in told.answers.oddities:
        report.find("I7", "an answer that no client should get", oddity)


def _check_poison_at(
    place: Place, wanted: set[bytes], history: History, quarantine: Quarantine, report: Report
) -> None:
    for item in history.records(place):
        if item.key not in wanted:
            continue
        wanted.discard(item.key)
        for service in READERS[place.topic]:
            if quarantine.reason_of(service, place, item.offset) is None:
                report.find("I7", "poison that was not put aside", f"{service} {item.key!r}")
    for key in wanted:
        report.find("I1", "acknowledged poison that is not in the log", key, also="lost")
