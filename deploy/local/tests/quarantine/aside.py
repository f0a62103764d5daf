"""What a loop sets aside, as the runtime writes it."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

from common.contracts import decode_event, encode_event, event_bytes
from common.contracts.profiles import ActivityRecorded
from common.contracts.runtime import RecordDiscarded, RecordRetried
from common.ids import derive
from common.streaming.ports import Fetched, Outgoing, Place
from cuestream.commands.quarantine.items import Item, gather

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
ANNA = derive("test", "anna")
SCORES = Place("profile.activity.quarantine", 1)


def activity(name: str = "Product Viewed", number: int = 0) -> bytes:
    payload = ActivityRecorded(
        event_id=derive("event", number),
        name=name,
        source="web",
        message_id=str(number),
        occurred_at=NOON,
        received_at=NOON,
        profile_version=1,
    )
    return event_bytes(
        encode_event(
            payload,
            id=derive("record", number),
            source="/test",
            subject=str(ANNA),
            time=NOON,
            workspace="shop",
            correlationid=derive("cause", number),
        )
    )


def timer() -> bytes:
    fields = {
        "timer": "silence",
        "profile_id": str(ANNA),
        "due_at": NOON.isoformat(),
        "workspace": "shop",
        "correlation": str(derive("cause")),
    }
    return json.dumps(fields).encode()


def lying(
    offset: int,
    value: bytes | None,
    *,
    reason: str = "fold_failed",
    service: str = "scoring",
    sequence: int | None = None,
    origin_offset: int = 40,
    place: Place = SCORES,
    more: dict[str, bytes] | None = None,
) -> Fetched:
    """A record of a quarantine that a loop wrote."""
    headers = {
        "service": service.encode(),
        "reason": reason.encode(),
        "detail": b"ZeroDivisionError in fold, line 7",
        "origin_topic": place.topic.removesuffix(".quarantine").encode(),
        "origin_partition": b"%d" % place.partition,
        "origin_offset": b"%d" % origin_offset,
        "origin": b"scoring.consume/1/life",
        "sequence": b"%d" % (offset + 1 if sequence is None else sequence),
    }
    at = NOON + timedelta(seconds=offset)
    return Fetched(place, offset, at, str(ANNA).encode(), value, {**headers, **(more or {})})


def refused(offset: int = 0) -> Fetched:
    """A message that the edge refused."""
    headers = {
        "service": b"ingest",
        "reason": b"event_too_large",
        "detail": b"40000 bytes",
        "workspace": b"shop",
        "origin_topic": b"ingest.events",
        "origin_partition": b"-1",
        "origin_offset": b"-1",
    }
    place = Place("ingest.events.quarantine", 0)
    return Fetched(place, offset, NOON, b"an-event-id", b'{"email": "anna@example.com"}', headers)


def original(value: bytes | None, **headers: bytes) -> Fetched:
    """The record itself, where it came from."""
    key = str(ANNA).encode()
    return Fetched(Place("profile.activity", 1), 40, NOON, key, value, headers)


def only(*records: Fetched) -> Item:
    [item] = gather(records, ())
    return item


def appended(record: Outgoing, place: Place, offset: int) -> Fetched:
    """A command as the log then holds it."""
    at = NOON + timedelta(hours=1, seconds=offset)
    return Fetched(place, offset, at, record.key, record.value, record.headers)


def retried(record: Outgoing) -> RecordRetried:
    return decode_event(record.value or b"").payload(RecordRetried)


def discarded(record: Outgoing) -> RecordDiscarded:
    return decode_event(record.value or b"").payload(RecordDiscarded)
