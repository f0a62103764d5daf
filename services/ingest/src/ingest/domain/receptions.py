"""What is noted of each record that came in: from which source, what it was, and what became of it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, Literal, NamedTuple
from uuid import UUID

import msgspec

from common.contracts.ingestion import EDGE, EventAccepted, ReceptionRefused
from common.ids import accepted_event_id, id_of
from ingest.domain.moments import parse_instant
from ingest.domain.segment.scrubbing import scrub

Outcome = Literal["accepted", "flagged", "rejected", "ignored", "refused", "duplicate"]

SPAN = timedelta(minutes=5)
"""What is counted together."""
MOST_NAMES = 200
"""Different things that are told apart of one source, outcome and span: names are strangers' words and without number."""
MOST_SET_ASIDE = 10_000
"""Messages of one source and span that can be asked for by their ids; beyond that they are only counted."""
OTHERS = "(others)"
_CALLS = frozenset(("track", "identify", "page", "screen", "group", "alias"))
_LONGEST = 200
_UNKNOWN = "(unknown)"
_WORKSPACE = re.compile(r"[a-z][a-z0-9_-]{0,62}")
_MESSAGE_ID = re.compile(rb'"messageId"\s*:\s*"([^"\\\x00-\x1f]{1,200})"')
_EVENT = re.compile(rb'"event"\s*:\s*"([^"\\\x00-\x1f]{1,200})"')


class Arrived(NamedTuple):
    """A record of one of the topics that are watched."""

    place: str
    """`topic/partition/offset`."""
    appended_at: datetime
    value: bytes
    headers: Mapping[str, bytes]


class Key(NamedTuple):
    """What is counted together."""

    workspace: str
    source: str
    since: datetime
    outcome: Outcome
    what: str
    """The event's name, or the reason where there is no event."""
    detail: str
    """What is wrong with it, in words of ours."""


@dataclass(frozen=True, slots=True)
class Aside:
    """A message that was not simply taken."""

    place: str
    event_id: UUID
    workspace: str
    source: str
    outcome: Outcome
    reason: str
    detail: str
    received_at: datetime


@dataclass(slots=True)
class Count:
    """How many, when the last, and one to look at."""

    number: int = 0
    last_at: datetime | None = None
    sample: UUID | None = None

    def add(self, number: int, at: datetime, sample: UUID | None) -> None:
        self.number += number
        self.last_at = at if self.last_at is None else max(self.last_at, at)
        self.sample = sample or self.sample


@dataclass(slots=True)
class Tallies:
    """What some records amount to."""

    counts: dict[Key, Count] = field(default_factory=dict)
    aside: list[Aside] = field(default_factory=list)
    _names: Counter[tuple[str, str, datetime, str]] = field(default_factory=Counter)
    _aside: Counter[tuple[str, str, datetime]] = field(default_factory=Counter)

    def count(self, key: Key, number: int, at: datetime, sample: UUID | None) -> None:
        known = self.counts.get(key)
        if known is None:
            many = (key.workspace, key.source, key.since, key.outcome)
            if self._names[many] >= MOST_NAMES:
                key = key._replace(what=OTHERS, detail="")
            else:
                self._names[many] += 1
            known = self.counts.setdefault(key, Count())
        known.add(number, at, sample)

    def put_aside(self, item: Aside) -> None:
        key = (item.workspace, item.source, span_of(item.received_at))
        if self._aside[key] < MOST_SET_ASIDE:
            self._aside[key] += 1
            self.aside.append(item)

    def note(self, item: Aside, what: str) -> None:
        """Count a message and keep it to be asked for."""
        since = span_of(item.received_at)
        key = Key(item.workspace, item.source, since, item.outcome, what, item.detail)
        self.count(key, 1, item.received_at, item.event_id)
        self.put_aside(item)


class _Envelope(msgspec.Struct):
    id: UUID
    source: str
    type: str
    data: msgspec.Raw
    workspace: str = "default"

    def __post_init__(self) -> None:
        if not _WORKSPACE.fullmatch(self.workspace):
            self.workspace = _UNKNOWN  # no release knows it: a stranger's words


class _Body(msgspec.Struct):
    event: Any = None
    type: Any = None


_envelope = msgspec.json.Decoder(_Envelope).decode
_accepted = msgspec.json.Decoder(EventAccepted).decode
_refused = msgspec.json.Decoder(ReceptionRefused).decode
_body = msgspec.json.Decoder(_Body).decode


def tallied(records: Iterable[Arrived]) -> Tallies:
    """What these records amount to; what cannot be understood amounts to nothing here."""
    tallies = Tallies()
    for record in records:
        if "reason" in record.headers:
            _set_aside(tallies, record)
            continue
        try:
            envelope = _envelope(record.value)
            if envelope.type == EventAccepted.TYPE:
                _taken(tallies, record, envelope, _accepted(envelope.data))
            elif envelope.type == ReceptionRefused.TYPE:
                _turned_away(tallies, record, envelope.workspace, _refused(envelope.data))
        except (msgspec.MsgspecError, ValueError):
            continue  # its fold will say so in the quarantine, which is read here, too
    return tallies


def span_of(instant: datetime) -> datetime:
    """The span's begin."""
    return instant.replace(minute=instant.minute // 5 * 5, second=0, microsecond=0)


def source_name(text: str) -> str:
    """As it may be told: a foreign producer names itself as it likes."""
    return _scrubbed_word(text)


def _taken(tallies: Tallies, record: Arrived, envelope: _Envelope, event: EventAccepted) -> None:
    at, ours = record.appended_at, envelope.source == EDGE
    name, source = _name(event, ours=ours), source_name(event.source)
    key = Key(envelope.workspace, source, span_of(at), "accepted", name, "")
    tallies.count(key, 1, at, None)
    if event.flaw is not msgspec.UNSET and ours:
        # A stranger's own would be words of a stranger; resolve judges theirs.
        item = Aside(
            record.place,
            envelope.id,
            envelope.workspace,
            source,
            "flagged",
            event.flaw,
            "" if event.flaw_detail is msgspec.UNSET else event.flaw_detail,
            at,
        )
        tallies.note(item, name)


def _turned_away(
    tallies: Tallies, record: Arrived, workspace: str, refused: ReceptionRefused
) -> None:
    at = record.appended_at
    outcome: Outcome = "ignored" if refused.ignored else "refused"
    key = Key(workspace, refused.source, span_of(at), outcome, refused.reason, "")
    sample = refused.event_ids[-1] if refused.event_ids else None
    tallies.count(key, refused.messages, at, sample)
    for number, event_id in enumerate(refused.event_ids):
        place = f"{record.place}#{number}"
        tallies.put_aside(
            Aside(place, event_id, workspace, refused.source, outcome, refused.reason, "", at)
        )


def _set_aside(tallies: Tallies, record: Arrived) -> None:
    said = {name: value.decode("utf-8", "replace") for name, value in record.headers.items()}
    what = said["reason"]
    if said.get("event_id"):
        event_id, workspace, source = _edge(said)
    else:
        event_id, workspace, source = _poisoned(record.value, said)
    item = Aside(
        record.place,
        event_id,
        workspace,
        source,
        "rejected",
        said["reason"],
        said.get("detail", ""),
        parse_instant(said.get("received_at")) or record.appended_at,
    )
    since = span_of(record.appended_at)
    key = Key(workspace, source, since, "rejected", what, "")
    tallies.count(key, 1, record.appended_at, event_id)
    tallies.put_aside(item)
    if what in ("schema_violation", "unknown_event"):
        found = _EVENT.search(record.value)
        name = _scrubbed_word(found[1].decode("utf-8", "replace")) if found else _UNKNOWN
        key = Key(workspace, source, since, "flagged", name, item.detail or what)
        tallies.count(key, 1, record.appended_at, event_id)


def _edge(said: Mapping[str, str]) -> tuple[UUID, str, str]:
    return id_of(said["event_id"]), said.get("workspace", ""), said.get("source", _UNKNOWN)


def _poisoned(value: bytes, said: Mapping[str, str]) -> tuple[UUID, str, str]:
    """Whose a record was that a fold could not take; what cannot be read is nobody's."""
    try:
        envelope = _envelope(value)
        event = _accepted(envelope.data)
        return envelope.id, envelope.workspace, source_name(event.source)
    except (msgspec.MsgspecError, ValueError):
        found = _MESSAGE_ID.search(value)
        text = found[1].decode("utf-8", "replace") if found else said.get("origin_offset", "")
        return accepted_event_id("", _UNKNOWN, text), said.get("workspace", ""), _UNKNOWN


def _name(event: EventAccepted, *, ours: bool) -> str:
    """As the plan or the vocabulary would be asked for it; a mail address in it is nobody's business.

    What kind of call a Segment message says it is, and all that a stranger says, may be any words.
    """
    try:
        body = _body(event.body)
    except msgspec.MsgspecError:
        body = _Body()
    call = event.call or (body.type if isinstance(body.type, str) else "")
    if call == "track" and isinstance(body.event, str):
        return _scrubbed_word(body.event)
    named = ours and event.protocol in ("cloudevents", "webhook")
    return _scrubbed_word(call) if call in _CALLS or named else _UNKNOWN


def _scrubbed_word(text: str) -> str:
    return _remembered(text) if len(text) <= _LONGEST else OTHERS


@lru_cache(maxsize=4096)
def _remembered(text: str) -> str:
    # Of a source's words most come again; long ones would fill the memory.
    return _word(scrub(text))


def _word(text: str) -> str:
    return " ".join(text.replace("\x00", "").split()) if len(text) <= _LONGEST else OTHERS
