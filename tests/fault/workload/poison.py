"""Records and messages that can never succeed, of many sorts."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

import msgspec

from common.clock import utc_now
from common.contracts import Event, event_bytes
from common.contracts.actions import ActionRequested
from common.contracts.ingestion import EventAccepted
from common.contracts.profiles import ActivityRecorded, ContactChanged, LeadScored
from common.ids import derive
from common.streaming.ports import Outgoing

SHARE: Final = 0.01
"""Of all messages and records; half of it over HTTP, half straight to the topics."""


class BadMessage(NamedTuple):
    """What a client sends, and the reason it must be given."""

    raw: bytes
    reason: str


def bad_message(message_id: str, chance: random.Random) -> BadMessage:
    """One item of a batch that the edge rejects without harm to the others."""
    head = b'{"messageId":"%s","type":"track","event":"Odd",' % message_id.encode()
    return chance.choice(
        (
            BadMessage(
                head + b'"userId":"odd","properties":' + b'{"a":' * 40 + b"1" + b"}" * 41,
                "too_deep",
            ),
            BadMessage(head + b'"userId":"odd","properties":{"price":NaN}}', "not_json_number"),
            BadMessage(head + b'"userId":"o\\u0000dd"}', "nul_character"),
            BadMessage(head + b'"properties":{}}', "no_identity"),
            BadMessage(
                head + b'"userId":"odd","properties":{"name":"' + b"x" * 33_000 + b'"}}',
                "event_too_large",
            ),
        )
    )


class BadRecord(NamedTuple):
    """Where it is written, and what."""

    sort: str
    topic: str
    record: Outgoing


def bad_record(key: str, workspace: str, chance: random.Random) -> BadRecord:
    """One record for a topic of ours that nobody can process."""
    sort, topic = chance.choice(_SORTS)
    value, headers = _MADE[sort](key, topic, workspace)
    return BadRecord(sort, topic, Outgoing(key.encode(), value, headers))


def _undecodable(key: str, topic: str, workspace: str) -> _Made:
    return b"\xff\x00 no event at all", {}


def _unknown_type(key: str, topic: str, workspace: str) -> _Made:
    return _event(key, workspace, "stranger.spoken.v1", {}, subject=_profile(key)), {}


def _wrong_shape(key: str, topic: str, workspace: str) -> _Made:
    kind = _TYPES[topic]
    return _event(key, workspace, kind, {"nothing": "fits"}, subject=_profile(key)), {}


def _no_profile(key: str, topic: str, workspace: str) -> _Made:
    return _event(key, workspace, _TYPES[topic], {}, subject="nobody"), {}


def _odd_headers(key: str, topic: str, workspace: str) -> _Made:
    value = _event(key, workspace, _TYPES[topic], {}, subject=_profile(key))
    return value, {"origin": b"\xff", "sequence": b"first"}


def _unknown_call(key: str, topic: str, workspace: str) -> _Made:
    data = {
        "protocol": "segment",
        "received_at": utc_now(),
        "source": "stranger",
        "body": {"type": "dance", "userId": key},
    }
    return _event(key, workspace, EventAccepted.TYPE, data, subject=key), {}


_Made = tuple[bytes, Mapping[str, bytes]]
_MADE: Final[dict[str, Callable[[str, str, str], _Made]]] = {
    "undecodable": _undecodable,
    "unknown_type": _unknown_type,
    "wrong_shape": _wrong_shape,
    "no_profile": _no_profile,
    "odd_headers": _odd_headers,
    "unknown_call": _unknown_call,
}
_TYPES: Final = {
    "ingest.events": EventAccepted.TYPE,
    "profile.activity": ActivityRecorded.TYPE,
    "profile.scores": LeadScored.TYPE,
    "profile.contacts": ContactChanged.TYPE,
    "action.requests": ActionRequested.TYPE,
    "delivery.status": "delivery.sent.v1",
}
_SORTS: Final = (
    *((sort, topic) for topic in _TYPES for sort in ("undecodable", "unknown_type", "wrong_shape")),
    *((sort, topic) for topic in _TYPES if topic != "ingest.events" for sort in ("no_profile",)),
    ("odd_headers", "ingest.events"),
    ("odd_headers", "profile.activity"),
    ("unknown_call", "ingest.events"),
)


def _event(key: str, workspace: str, kind: str, data: Mapping[str, Any], *, subject: str) -> bytes:
    identity = derive("poison", key)
    return event_bytes(
        Event(
            id=identity,
            source="/test/poison",
            type=kind,
            subject=subject,
            time=utc_now(),
            workspace=workspace,
            correlationid=identity,
            data=msgspec.Raw(msgspec.json.encode(data)),
        )
    )


def _profile(key: str) -> str:
    return str(derive("profile of poison", key))
