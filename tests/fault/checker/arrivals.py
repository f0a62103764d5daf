"""What a record is before anything is folded: a signal, a repetition, or poison; by rules written anew."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

import msgspec

from common.configuration import Configuration
from common.consuming import TOMBSTONE, Record, Signal, TimerDue
from common.contracts import decode_event, load_topics, payload_types
from common.contracts.ingestion import EventAccepted, IngestTicked
from common.contracts.runtime import RecordRetried
from common.errors import PermanentError
from common.intake.reading import record_of
from common.streaming.ports import Fetched, Place
from tests.fault.checker.journal import Batch, Walk

_ORIGIN = re.compile(rb"[A-Za-z0-9][\x21-\x7e]{0,199}")
_KNOWN = frozenset(payload_types())


@dataclass(frozen=True, slots=True)
class Spoiled:
    """A record that has to be put aside."""

    item: Fetched
    reason: str


Arrived = Signal | Spoiled | None
"""None: nothing to be folded, a tick or a repetition."""


@dataclass(frozen=True, slots=True)
class Arrivals:
    """Judges the records of one loop's inputs."""

    sequenced: Collection[str]

    @classmethod
    def of(cls, partitions: int) -> Arrivals:
        return cls(frozenset(topic.name for topic in load_topics(partitions) if topic.sequenced))

    def judge(
        self, item: Fetched, walk: Walk, configuration: Configuration, batch: Batch
    ) -> Arrived:
        sound = _headers_are_sound(item)
        numbered = item.place.topic in self.sequenced
        if numbered and sound and not walk.is_new(item):
            return None
        if not sound:
            return Spoiled(item, "undecodable")
        since = batch.entry.live_since
        old = since is not None and item.appended_at < since
        told = numbered or item.place.topic in EventAccepted.TOPICS
        try:
            record = record_of(item, history=old or (told and item.headers.get("history") == b"1"))
            return self._of_type(item, record, walk, configuration)
        except PermanentError as error:
            return Spoiled(item, error.reason)

    def _of_type(
        self, item: Fetched, record: Record, walk: Walk, configuration: Configuration
    ) -> Arrived:
        kind = record.event.type
        if kind == IngestTicked.TYPE:
            return None
        if kind == TOMBSTONE:
            return record
        if kind not in _KNOWN:
            raise PermanentError("unknown_type")
        if configuration.release(record.workspace) is None:
            raise PermanentError("unknown_workspace")
        return _retried(record, item.appended_at, walk) if kind == RecordRetried.TYPE else record


def _retried(record: Record, at: datetime, walk: Walk) -> Signal | None:
    """What an operator lets be folded after all, the first time it is asked."""
    retried = record.event.payload(RecordRetried)
    event = None if retried.timer is not None else decode_event(bytes(retried.event))
    if not walk.is_first_retry(Place(retried.topic, retried.partition), retried.offset):
        return None
    if event is not None:
        return msgspec.structs.replace(record, event=event)
    timer = retried.timer
    assert timer is not None
    return TimerDue(
        partition=record.partition,
        workspace=record.workspace,
        profile_id=timer.profile_id,
        name=timer.name,
        due_at=timer.due_at,
        correlation=record.correlation,
        traceparent=record.traceparent,
        retried_at=at,
    )


def _headers_are_sound(item: Fetched) -> bool:
    sequence, accepted = item.headers.get("sequence"), item.headers.get("accepted")
    numbers = [number for number in (sequence, accepted) if number is not None]
    if not all(number.isdigit() and len(number) <= 18 for number in numbers):
        return False
    origin = item.headers.get("origin")
    return origin is None or sequence is None or _ORIGIN.fullmatch(origin) is not None
