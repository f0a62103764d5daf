"""What becomes known of a profile: activities, traits, consents, contacts, scores."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

import msgspec

from common.contracts.payload import Payload


class ActivityContext(msgspec.Struct, frozen=True, omit_defaults=True):
    """The part of a source's context that may travel."""

    page_path: str | None = None
    campaign: dict[str, str] | None = None
    locale: str | None = None
    device_class: str | None = None
    """`desktop`, `mobile`, `tablet`, `server` or `other`."""
    stated_at: datetime | None = None
    """What the client's clock said, where that cannot be (1970, 2099); it counts as done when it was received."""


class ActivityRecorded(Payload, frozen=True, kw_only=True):
    """A person did something; properties only by allow-list, never PII."""

    TYPE: ClassVar[str] = "profile.activity_recorded.v1"
    TOPICS: ClassVar[tuple[str, ...]] = ("profile.activity",)

    event_id: UUID
    """The accepted event; orders activities of the same instant."""
    name: str
    """The canonical name, such as `Product Added`; page and screen calls are `Page Viewed`, `Screen Viewed`."""
    source: str
    """The source's name in the workspace; `link`: the button behind a mail's link."""
    message_id: str
    occurred_at: datetime
    received_at: datetime
    profile_version: int
    properties: dict[str, Any] = msgspec.field(default_factory=dict)
    context: ActivityContext = ActivityContext()


class TraitsChanged(Payload, frozen=True, kw_only=True):
    """What of the golden record others may know without knowing who it is."""

    TYPE: ClassVar[str] = "profile.traits_changed.v1"
    TOPICS: ClassVar[tuple[str, ...]] = ("profile.activity",)

    profile_version: int
    locale: str | None = None
    time_zone: str | None = None
    country: str | None = None
    reachable: tuple[str, ...] = ()
    """The channels for which an address is known: `email`, `sms`."""
    birthday: str | None = None
    """Month and day, such as `02-29`: in which year they were born nobody but ingest knows."""


class ConsentChanged(Payload, frozen=True, kw_only=True):
    """A person granted or withdrew one purpose on one channel."""

    TYPE: ClassVar[str] = "profile.consent_changed.v1"
    TOPICS: ClassVar[tuple[str, ...]] = ("profile.activity",)

    profile_version: int
    channel: str
    purpose: str
    granted: bool
    basis: str
    since: datetime
    proof_id: UUID


class Consent(msgspec.Struct, frozen=True, kw_only=True):
    """One consent as it stands in a contact snapshot."""

    channel: str
    purpose: str
    granted: bool
    basis: str
    since: datetime
    proof_id: UUID


class ContactChanged(Payload, frozen=True, kw_only=True):
    """The whole contact snapshot; the only long-lived PII on any topic."""

    TYPE: ClassVar[str] = "profile.contact_changed.v1"
    TOPICS: ClassVar[tuple[str, ...]] = ("profile.contacts",)

    profile_version: int
    email: str | None = None
    phone: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    locale: str | None = None
    time_zone: str | None = None
    country: str | None = None
    consents: tuple[Consent, ...] = ()
    merged_into: UUID | None = None
    """This profile has become that one; everything personal stands in that one's snapshot, none here."""


class ProfileMerged(Payload, frozen=True, kw_only=True):
    """Two profiles turned out to be one person; told twice, to the loser as subject and to the winner."""

    TYPE: ClassVar[str] = "profile.merged.v1"
    TOPICS: ClassVar[tuple[str, ...]] = ("profile.activity",)

    loser: UUID
    """Lives on in the winner; whatever still comes for it is the winner's."""
    winner: UUID
    profile_version: int
    """The winner's, above all that either profile had."""


class Contribution(msgspec.Struct, frozen=True):
    """How many points one kind of activity gives to a score now."""

    kind: str
    points: float
    count: int


class LeadScored(Payload, frozen=True, kw_only=True):
    """A profile's lead score changed."""

    TYPE: ClassVar[str] = "profile.lead_scored.v1"
    TOPICS: ClassVar[tuple[str, ...]] = ("profile.scores",)

    score: int
    """0–100."""
    previous_score: int | None
    """Lets a reader see a crossing without memory."""
    grade: str
    reasons: tuple[Contribution, ...]
    model_version: str


class LeadScoreCrossed(Payload, frozen=True, kw_only=True):
    """The lead score passed a threshold, up or down, however far it jumped; once per crossing."""

    TYPE: ClassVar[str] = "profile.lead_score_crossed.v1"
    TOPICS: ClassVar[tuple[str, ...]] = ("profile.scores",)

    threshold: int
    name: str
    """The threshold's name in the model, such as `sales_qualified`."""
    direction: str
    """`up` or `down`."""
    score: int
    previous_score: int | None
    model_version: str


class WithdrawalRequested(Payload, frozen=True, kw_only=True):
    """The dispatcher's edge asks the ledger to record a withdrawal it already obeys."""

    TYPE: ClassVar[str] = "profile.withdrawal_requested.v1"
    TOPICS: ClassVar[tuple[str, ...]] = ("ingest.commands",)

    channel: str
    purpose: str
    """`marketing`, or `*` for all purposes but transactional."""
    requested_at: datetime
    via: str
    """`one_click`, `preference_page`, `stop`, `complaint`."""
    delivery_id: UUID | None = None
