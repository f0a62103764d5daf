"""What the ingest edge accepts and how far resolve has come."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar
from uuid import UUID

import msgspec

from common.contracts.payload import Payload

EDGE = "/cuestream/ingest/api"
"""The source of what our own edge appends; foreign producers name another."""


class EventAccepted(Payload, frozen=True, kw_only=True):
    """A source's message as it was received; the body is verbatim."""

    TYPE: ClassVar[str] = "event.accepted.v1"
    TOPICS: ClassVar[tuple[str, ...]] = ("ingest.events",)

    protocol: str
    """`segment`, `cloudevents`, `webhook`, or `import`: a Segment message of the past."""
    received_at: datetime
    source: str
    """The source's name in the workspace."""
    body: msgspec.Raw
    sent_at: datetime | None = None
    """The client's clock when it sent the batch; with it a wrong client clock is corrected."""
    call: str = ""
    """What the address said the message is (`track`, …), or `<kind>/<topic>` of a webhook; empty: the body says it."""
    message_id: str = ""
    """Made at the edge where the client gave none; empty: the body says it."""
    flaw: str | msgspec.UnsetType = msgspec.UNSET
    """What the workspace's tracking plan flags it for: `unknown_event` or `schema_violation`."""
    flaw_detail: str | msgspec.UnsetType = msgspec.UNSET
    """Where it breaks the plan, in words of the plan."""
    planned: tuple[str, ...] | msgspec.UnsetType = msgspec.UNSET
    """The properties beyond the vocabulary that the plan lets travel to profile.activity."""


class ConsentConfirmed(Payload, frozen=True, kw_only=True):
    """Somebody confirmed by the link of a mail what was asked for; the subject is the profile, and so is the record's key.

    On this topic, because it holds whose network address it was: of all that is kept for days, only what was accepted may.
    """

    TYPE: ClassVar[str] = "consent.confirmed.v1"
    TOPICS: ClassVar[tuple[str, ...]] = ("ingest.events",)

    channel: str
    purpose: str
    confirmed_at: datetime
    asked_at: datetime
    """What was asked for until then is meant: the mail with the link knows of nothing later."""
    delivery_id: UUID
    """The mail with the link."""
    text_version: str = ""
    """Which text the mail had: `<playbook>/<message>@<version>`."""
    ip: str | None = None


class ReceptionRefused(Payload, frozen=True, kw_only=True):
    """Messages of one source that the edge did not take in, as many as came within a second."""

    TYPE: ClassVar[str] = "reception.refused.v1"
    TOPICS: ClassVar[tuple[str, ...]] = ("ingest.refusals",)

    source: str
    """The source's name in the workspace."""
    reason: str
    """`bot` or `prefetch`; `too_fast`, `quota_exceeded` or `busy`."""
    ignored: bool
    """Answered as good, so that nobody sends them again; otherwise the client was told to."""
    messages: int
    event_ids: tuple[UUID, ...] = ()
    """Of some of them; never what the clients called them."""


class SourceLine(msgspec.Struct, frozen=True, kw_only=True):
    """How often one thing came of a source."""

    outcome: str
    """`accepted`, `flagged`, `rejected`, `duplicate`, `ignored` or `refused`."""
    what: str
    """The event's name, or the reason where there is no event; `(others)` is what many more come to."""
    detail: str = ""
    """Of what is flagged: where it breaks the tracking plan, in words of the plan."""
    hour: int
    day: int
    last_at: datetime
    sample: UUID | None = None
    """The event id of the last one."""


class SourceReported(Payload, frozen=True, kw_only=True):
    """How a source does, whole; a later one supersedes it, and one that is no longer renewed is of a source that is gone."""

    TYPE: ClassVar[str] = "source.reported.v1"
    TOPICS: ClassVar[tuple[str, ...]] = ("ingest.sources",)

    source: str
    """The source's name in the workspace."""
    as_of: datetime
    kind: str | None = None
    """None: no release knows it any more."""
    last_seen: datetime | None = None
    """None: never."""
    lines: tuple[SourceLine, ...] = ()
    """By outcome, of each the most frequent of the day first."""


class IngestTicked(Payload, frozen=True, kw_only=True):
    """Nothing came for a while on this raw partition; its append time moves the virtual time."""

    TYPE: ClassVar[str] = "ingest.ticked.v1"
    TOPICS: ClassVar[tuple[str, ...]] = ("ingest.events",)

    partition: int


class IngestProgressed(Payload, frozen=True, kw_only=True):
    """What the raw partition held before `until` led to nothing in profile.activity beyond `sequences`."""

    TYPE: ClassVar[str] = "ingest.progressed.v1"
    TOPICS: ClassVar[tuple[str, ...]] = ("ingest.progress",)

    partition: int
    until: datetime
    """Highest append time folded."""
    origin: str
    sequences: tuple[int, ...]
    """Per partition of profile.activity, the last sequence number drawn for it; 0 = none."""
