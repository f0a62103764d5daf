"""The ways in: for each address how a body becomes messages, and how each of them is judged."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from ingest.api.answers import Header, RefusedError
from ingest.domain.cloudevents import mode_of
from ingest.domain.collecting import (
    Bundle,
    Message,
    Rejected,
    judge,
    judge_event,
    read_batch,
    read_binary,
    read_call,
    read_events,
    read_structured,
)
from ingest.domain.segment import IMPORTED
from ingest.domain.tracking import Guard

CALLS = ("track", "identify", "page", "screen", "group", "alias")
BATCHES = ("batch", "import")
HISTORY = "import"
LETTERS = {"t": "track", "i": "identify", "p": "page", "s": "screen", "g": "group", "a": "alias", "b": "batch"}  # fmt: skip
CLOUDEVENTS = "cloudevents"


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """One way in."""

    protocol: str
    read: Callable[[bytes], Bundle]
    judge: Callable[[bytes, int, Guard | None], Message | Rejected]
    single: bool = True
    """One message a request: when it is rejected, so is the request."""
    history: bool = False
    """What comes in here is the past: it shapes state and triggers nothing."""
    key_in_body: bool = False
    verbatim: bool = False
    """The body is data: what looks like gzip may be meant so."""
    unparsable: str
    """The error when the body as a whole cannot be understood."""


_call = partial(Door, protocol="segment", key_in_body=True, unparsable="invalid_json")
_events = partial(Door, protocol=CLOUDEVENTS, judge=judge_event, unparsable="invalid_event")

PIXEL: Door = _call(read=read_call, judge=partial(judge, call="track"))
_STRUCTURED = _events(read=read_structured)
_BATCH = _events(read=read_events, single=False)
_batch = partial(_call, read=read_batch, judge=partial(judge, call=None), single=False)
_SEGMENT: Mapping[str, Door] = {
    **{name: _call(read=read_call, judge=partial(judge, call=name)) for name in CALLS},
    "batch": _batch(),
    HISTORY: _batch(protocol=IMPORTED, history=True),
}


def door_of(name: str, headers: Sequence[Header]) -> Door | None:
    """The way in behind an address; None where there is none.

    Raises:
        RefusedError: 415 `unknown_format`.
    """
    return (
        _door_of_events(headers) if name == CLOUDEVENTS else _SEGMENT.get(LETTERS.get(name, name))
    )


def _door_of_events(headers: Sequence[Header]) -> Door:
    match mode_of(_value(headers, b"content-type").decode("latin-1")):
        case "structured":
            return _STRUCTURED
        case "batch":
            return _BATCH
        case "binary":
            packed = b"gzip" in _value(headers, b"content-encoding").lower()
            return _events(read=partial(read_binary, headers), verbatim=not packed)
        case None:
            detail = "of the formats of CloudEvents only JSON is known here"
            raise RefusedError(415, "unknown_format", detail)


def _value(headers: Sequence[Header], name: bytes) -> bytes:
    return next((value for found, value in headers if found == name), b"")
