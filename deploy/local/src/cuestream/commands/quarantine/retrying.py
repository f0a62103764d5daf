"""What is appended to have something folded after all, or to say that it needs nothing more: pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import msgspec

from common.contracts import (
    Event,
    Payload,
    decode_event,
    encode_event,
    event_bytes,
    payload_types,
)
from common.contracts.envelope import CONTENT_TYPE
from common.contracts.runtime import FiredTimer, RecordDiscarded, RecordRetried
from common.errors import PermanentError
from common.ids import derive
from common.publishing.rows import QUARANTINED_BYTES
from common.streaming.ports import Fetched, Outgoing, Place
from common.streaming.wire import ALL_WORKSPACES
from cuestream.commands.quarantine.items import Item

_SOURCE = "/cuestream/command"
_MARK = "\ufffd".encode()
"""What the copy has in place of bytes that are no text."""


class Command(NamedTuple):
    """A record for the service's commands, and where it goes."""

    place: Place
    record: Outgoing


class Refused(NamedTuple):
    """Why it cannot be retried."""

    why: str


@dataclass(frozen=True, slots=True)
class _Retry:
    """What a retry says, whatever lies in the quarantine."""

    subject: str
    workspace: str
    correlation: UUID
    event: bytes = b"null"
    timer: FiredTimer | None = None


def is_original(item: Item, found: Fetched | None) -> bool:
    """Whether what lies at the origin's offset is what was set aside, and not of a topic that was made anew."""
    if found is None:
        return False
    kept = item.fetched.value
    if found.value is None or kept is None:
        return found.value is kept
    return found.value[:QUARANTINED_BYTES].decode("utf-8", "replace").encode() == kept


def retry(item: Item, original: Fetched | None, *, by: str, now: datetime) -> Command | Refused:
    """The command that has it folded once, however often it is given.

    `original` is the record that was set aside, where the log still holds it; else the copy counts.
    """
    if item.kind == "message":
        return Refused("no loop set it aside, so none can fold it; whoever sent it was told")
    try:
        wish = _timer(item) if item.kind == "timer" else _record(item, original)
    except PermanentError as error:
        return Refused(error.detail)
    payload = RecordRetried(
        topic=item.spot.topic,
        partition=item.spot.partition,
        offset=item.spot.offset,
        event=msgspec.Raw(wish.event),
        timer=wish.timer,
        by=by,
    )
    # The original's key; the partition is given, so that a key that was cut goes to the same one.
    key = item.fetched.key if original is None else original.key
    headers = _carried(item, original)
    return _command(item, payload, wish, key=key, headers=headers, now=now)


def discard(item: Item, *, by: str, now: datetime) -> Command:
    """The word that it needs no more attention."""
    payload = RecordDiscarded(
        topic=item.spot.topic, partition=item.spot.partition, offset=item.spot.offset, by=by
    )
    identity = derive("discard", *item.spot)
    told = _Retry(item.spot.text, ALL_WORKSPACES, identity)
    return _command(item, payload, told, key=item.fetched.key, headers={}, now=now)


def _command(
    item: Item,
    payload: Payload,
    told: _Retry,
    *,
    key: bytes | None,
    headers: dict[str, bytes],
    now: datetime,
) -> Command:
    event = encode_event(
        payload,
        id=derive(payload.TYPE, *item.spot),
        source=_SOURCE,
        subject=told.subject,
        time=now,
        workspace=told.workspace,
        correlationid=told.correlation,
    )
    headers = {"content-type": CONTENT_TYPE.encode(), **headers}
    place = Place(f"{item.service}.commands", item.spot.partition)
    return Command(place, Outgoing(key, event_bytes(event), headers))


def _carried(item: Item, original: Fetched | None) -> dict[str, bytes]:
    """History stays history, and a trace does not break."""
    found = {**({} if original is None else original.headers), **item.fetched.headers}
    return {name: found[name] for name in ("history", "traceparent") if name in found}


def _timer(item: Item) -> _Retry:
    timer = item.timer
    fired = FiredTimer(timer.profile_id, timer.timer, timer.due_at)
    return _Retry(str(timer.profile_id), timer.workspace, timer.correlation, timer=fired)


def _record(item: Item, original: Fetched | None) -> _Retry:
    """What was set aside; what had been retried and failed again is unwrapped.

    Raises:
        PermanentError: it cannot be folded; `detail` says why.
    """
    value = item.fetched.value if original is None else original.value
    if value is None:
        raise PermanentError("tombstone", "it is a tombstone; erase the person again")
    exact = original is not None
    event = _readable(item, value, exact=exact)
    if event.type != RecordRetried.TYPE:
        return _Retry(event.subject, event.workspace, event.correlationid, value)
    before = event.payload(RecordRetried)
    inner = bytes(before.event)
    if before.timer is None:
        _readable(item, inner, exact=exact)
    return _Retry(event.subject, event.workspace, event.correlationid, inner, before.timer)


def _readable(item: Item, value: bytes, *, exact: bool) -> Event:
    kinds = payload_types()
    try:
        event = decode_event(value)
        if event.type in kinds:
            event.payload(kinds[event.type])
    except PermanentError as error:
        cut = not exact and len(value) >= QUARANTINED_BYTES
        again = "this version cannot read it either; it would be set aside again"
        raise PermanentError(
            "unreadable", _gone(item, "is cut at 32 KiB") if cut else again
        ) from error
    if event.type not in kinds:
        raise PermanentError("unknown_type", f"this version does not know the type {event.type}")
    if not exact and item.reason == "undecodable" and _MARK in value:
        raise PermanentError("unreadable", _gone(item, "has marks where bytes were no text"))
    return event


def _gone(item: Item, how: str) -> str:
    place, offset = item.origin
    return f"the copy {how}, and its original is gone from {place.topic}/{place.partition}@{offset}"
