"""I11: after the last fault everything is read, published, fired and sent."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from common.contracts import decode_event
from common.contracts.ingestion import IngestProgressed, IngestTicked
from common.errors import PermanentError
from common.streaming.ports import Fetched, Place
from dispatcher.consumer import INPUTS as DISPATCHER_INPUTS
from dispatcher.consumer import LOOP as DISPATCHER_LOOP
from ingest.consumer import NAME as INGEST_LOOP
from tests.fault.checker.people import INPUTS as INGEST_INPUTS
from tests.fault.checker.report import Report
from tests.fault.checker.states import ORCHESTRATOR, SCORING
from tests.fault.history.model import SERVICES, History

LATE: Final = timedelta(seconds=5)
"""How long after the virtual time has passed it a timer may still stand in its table when a run is over."""
LOOPS: Final = {
    INGEST_LOOP: INGEST_INPUTS,
    SCORING.loop: SCORING.inputs,
    ORCHESTRATOR.loop: ORCHESTRATOR.inputs,
    DISPATCHER_LOOP: DISPATCHER_INPUTS,
}


def check_settled(history: History, report: Report) -> None:
    """Nothing is left to do."""
    until = _virtual_time(history)
    for service in SERVICES:
        _check_positions(history, service, report)
        for row in history.rows(f"{service}.outbox"):
            report.find("I11", "a row left in an outbox", f"{row.loop}/{row.owner} {row.batch}")
        for timer in history.rows(f"{service}.timers"):
            if until is not None and timer.due_at < until - LATE:
                report.find("I11", "a timer that should have fired", f"{timer.loop} {timer.name}")


def _check_positions(history: History, service: str, report: Report) -> None:
    positions = {
        (row.loop, Place(row.topic, row.partition)): row.next_offset
        for row in history.rows(f"{service}.positions")
    }
    for loop, inputs in LOOPS.items():
        if loop.split(".", 1)[0] != service:
            continue
        for place in (Place(topic, p) for topic in inputs for p in range(history.partitions)):
            following = positions.get((loop, place), 0)
            if following < history.bounds(place).end:
                for item in _unread(history, place, following):
                    report.find(
                        "I11",
                        "a record that was not read",
                        f"{loop} {place}@{item.offset}",
                        also="lost",
                    )


def _unread(history: History, place: Place, following: int) -> Iterator[Fetched]:
    """Ticks alone move no position."""
    for item in history.records(place):
        if item.offset >= following and not _is_tick(item):
            yield item


def _is_tick(item: Fetched) -> bool:
    try:
        return decode_event(item.value or b"").type == IngestTicked.TYPE
    except PermanentError:
        return False


def _virtual_time(history: History) -> datetime | None:
    newest: dict[int, datetime] = {}
    for item in history.records(Place("ingest.progress", 0)):
        try:
            stated = decode_event(item.value or b"").payload(IngestProgressed)
        except PermanentError:
            continue
        newest[stated.partition] = max(stated.until, newest.get(stated.partition, stated.until))
    return min(newest.values()) if len(newest) == history.partitions else None
