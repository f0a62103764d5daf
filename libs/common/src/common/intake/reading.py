"""What one record says: its event, and itself as folds see it."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from common.clock import EPOCH
from common.contracts import Event, decode_event
from common.ids import derive
from common.streaming.model import Record
from common.streaming.ports import Fetched

TOMBSTONE = "record.tombstoned.v1"
"""The type under which a fold meets a record without a value; the subject is its key."""

_ORIGIN = re.compile(rb"[A-Za-z0-9][\x21-\x7e]{0,199}")
"""What `origin_of` makes; a stranger's could be no text at all, or one that the database refuses."""
_LAST_MICROSECOND = (datetime.max.replace(tzinfo=UTC) - EPOCH) // timedelta(microseconds=1)
_TRACE = re.compile(rb"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")


def event_of(item: Fetched) -> Event:
    """The event in it; of a record without a value, that it has none.

    Raises:
        PermanentError: `undecodable`.
    """
    if item.value is not None:
        return decode_event(item.value)
    subject = (item.key or b"").decode("utf-8", "replace")
    identity = derive("tombstone", item.place.topic, item.place.partition, item.offset)
    return Event(
        id=identity,
        source="",
        type=TOMBSTONE,
        subject=subject,
        time=item.appended_at,
        workspace="",
        correlationid=identity,
    )


def headers_are_sound(item: Fetched) -> bool:
    """Whether the headers that we act upon can be ours; on a raw topic anybody may write them."""
    sequence, accepted = item.headers.get("sequence"), item.headers.get("accepted")
    if sequence is not None and not (sequence.isdigit() and len(sequence) <= 18):
        return False
    if accepted is not None and not (
        accepted.isdigit() and len(accepted) <= 18 and int(accepted) <= _LAST_MICROSECOND
    ):
        return False
    origin = item.headers.get("origin")
    return origin is None or sequence is None or _is_origin(origin)


@lru_cache(maxsize=4096)
def _is_origin(origin: bytes) -> bool:
    # Remembered, because a topic has few of them and each record names one.
    return _ORIGIN.fullmatch(origin) is not None


def record_of(item: Fetched, event: Event | None = None, *, history: bool = False) -> Record:
    """One fetched record as folds see it.

    Raises:
        PermanentError: `undecodable`.
    """
    accepted = item.headers.get("accepted")
    trace = _TRACE.fullmatch(item.headers.get("traceparent", b""))
    return Record(
        topic=item.place.topic,
        partition=item.place.partition,
        offset=item.offset,
        appended_at=item.appended_at,
        accepted_at=item.appended_at
        if accepted is None
        else EPOCH + timedelta(0, *divmod(int(accepted), 1_000_000)),
        event=event_of(item) if event is None else event,
        traceparent=None if trace is None else trace[0].decode(),
        history=history,
    )
