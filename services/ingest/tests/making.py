"""What the tests of ingest make over and over: accepted events and people they are folded on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec

from common.consuming import Consequence, Record
from common.contracts import Payload, encode_event
from common.contracts.ingestion import ConsentConfirmed, EventAccepted
from common.contracts.profiles import (
    ActivityRecorded,
    ConsentChanged,
    ContactChanged,
    TraitsChanged,
    WithdrawalRequested,
)
from common.ids import accepted_event_id, profile_id
from ingest.domain.catalog.state import Product
from ingest.domain.people import DEFAULT_RULES, People, Rules
from ingest.handlers import fold_confirmation, fold_received, fold_snapshot, fold_withdrawal
from ingest.store.shelves import product_key

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
FOLDS = {
    EventAccepted.TYPE: fold_received,
    ConsentConfirmed.TYPE: fold_confirmation,
    WithdrawalRequested.TYPE: fold_withdrawal,
    ContactChanged.TYPE: fold_snapshot,
}


def accepted(
    message: Mapping[str, Any],
    *,
    received_at: datetime = NOW,
    message_id: str = "m1",
    workspace: str = "demo",
    partition: int = 0,
    offset: int = 0,
    appended_at: datetime | None = None,
    source: str = "/test",
    topic: str = "ingest.events",
    protocol: str = "segment",
    sent_by: str = "shop",
    planned: tuple[str, ...] = (),
) -> Record:
    """A message as an edge appends it, or a foreign producer."""
    payload = EventAccepted(
        protocol=protocol,
        received_at=received_at,
        source=sent_by,
        body=msgspec.Raw(msgspec.json.encode(message)),
        message_id=message_id,
        planned=planned,
    )
    event_id = accepted_event_id(workspace, sent_by, message_id)
    subject = str(message.get("userId") or message.get("anonymousId") or message.get("subject"))
    return _record(
        topic,
        payload,
        event_id,
        subject,
        workspace,
        partition,
        offset,
        appended_at or received_at,
        source=source,
    )


def withdrawal(
    profile: UUID,
    *,
    at: datetime,
    purpose: str = "marketing",
    workspace: str = "demo",
    offset: int = 0,
) -> Record:
    """A one-click unsubscribe as the dispatcher's edge asks the ledger for it."""
    payload = WithdrawalRequested(
        channel="email", purpose=purpose, requested_at=at, via="one_click"
    )
    event_id = profile_id("withdrawal", str(at), purpose)
    return _record("ingest.commands", payload, event_id, str(profile), workspace, 0, offset, at)


def confirmation(
    profile: UUID,
    *,
    at: datetime,
    asked_at: datetime,
    appended_at: datetime | None = None,
    channel: str = "email",
    purpose: str = "marketing",
    ip: str | None = "192.0.2.8",
) -> Record:
    """What the dispatcher's edge appends when the button behind a mail's link is pressed; one link, one id."""
    payload = ConsentConfirmed(
        channel=channel,
        purpose=purpose,
        confirmed_at=at,
        asked_at=asked_at,
        delivery_id=profile_id("delivery", str(asked_at), purpose),
        text_version="welcome/ask@v1",
        ip=ip,
    )
    event_id = profile_id("confirmation", str(asked_at), purpose)
    taken_at = appended_at or at
    return _record("ingest.events", payload, event_id, str(profile), "demo", 0, 0, taken_at)


def snapshot(profile: UUID, version: int, *, workspace: str = "demo", offset: int = 0) -> Record:
    """A contact snapshot as it is read back."""
    event_id = profile_id("snapshot", str(profile), str(version))
    payload = ContactChanged(profile_version=version)
    return _record("profile.contacts", payload, event_id, str(profile), workspace, 0, offset, NOW)


def _record(
    topic: str,
    payload: Payload,
    event_id: UUID,
    subject: str,
    workspace: str,
    partition: int,
    offset: int,
    at: datetime,
    *,
    source: str = "/test",
) -> Record:
    event = encode_event(
        payload,
        id=event_id,
        source=source,
        subject=subject,
        time=at,
        workspace=workspace,
        correlationid=event_id,
    )
    return Record(topic, partition, offset, at, at, event)


@dataclass
class Shop:
    """People of one workspace, told about by messages, folded as the runtime folds them."""

    people: People = field(default_factory=lambda: People("demo"))
    now: datetime = NOW
    told: list[Consequence] = field(default_factory=list)
    sent: int = 0
    rules: Rules = DEFAULT_RULES

    def says(
        self,
        kind: str,
        *,
        message_id: str | None = None,
        meant_before: timedelta = timedelta(),
        received_before: timedelta = timedelta(),
        **message: Any,
    ) -> list[Payload]:
        """Fold one call; returns what others are told."""
        self.sent += 1
        self.now += timedelta(seconds=1)
        received = self.now - received_before
        stamp = (received - meant_before).isoformat()
        body = {"type": kind, "timestamp": stamp, **message}
        return self.folds(
            accepted(body, received_at=received, message_id=message_id or f"m{self.sent}")
        )

    def folds(self, record: Record) -> list[Payload]:
        if (key := product_key(record)) is not None:
            # The book has a product at hand for what is said of one, and folds it on that alone.
            shelf = People("demo", products={key[1]: Product()})
            folded = fold_received(shelf, record, record.accepted_at, self.rules)
            return [c.payload for c in folded.consequences if c.payload is not None]
        if record.event.type == EventAccepted.TYPE:
            folded = fold_received(self.people, record, record.accepted_at, self.rules)
        else:
            folded = FOLDS[record.event.type](self.people, record, record.accepted_at)
        self.people = folded.state
        self.told.extend(folded.consequences)
        return [c.payload for c in folded.consequences if c.payload is not None]

    def identify(
        self, traits: Mapping[str, Any], *, user: str = "u1", **more: Any
    ) -> list[Payload]:
        return self.says("identify", userId=user, traits=traits, **more)

    def owner_of(self, **ids: Any) -> UUID:
        """Whose the next event with these ids is."""
        self.says("track", event="Looked", **ids)
        return UUID(self.told[-1].subject)

    @property
    def contact(self) -> ContactChanged:
        (profile,) = self.people.profiles.values()
        return profile.snapshot


def activities(payloads: Sequence[Payload]) -> list[ActivityRecorded]:
    return [p for p in payloads if isinstance(p, ActivityRecorded)]


def consents(payloads: Sequence[Payload]) -> list[tuple[str, str, bool]]:
    return [(p.channel, p.purpose, p.granted) for p in payloads if isinstance(p, ConsentChanged)]


def traits(payloads: Sequence[Payload]) -> list[TraitsChanged]:
    return [p for p in payloads if isinstance(p, TraitsChanged)]


def snapshots(payloads: Sequence[Payload]) -> list[ContactChanged]:
    return [p for p in payloads if isinstance(p, ContactChanged)]


def recorded(**message: Any) -> ActivityRecorded:
    """The activity that one message becomes."""
    body = {"userId": "u1", "type": "track", "event": "Product Added", **message}
    (activity,) = activities(Shop().says(body.pop("type"), **body))
    return activity
