"""What the bare resolve reads and writes: its statements, and people, events and snapshots as bytes."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from bare_wire import ENVELOPE, derive, source_of  # type: ignore[import-not-found] # beside this script

LOOP, EVENTS, CONTACTS, ACTIVITY = "ingest.resolve", "ingest.events", "profile.contacts", "profile.activity"  # fmt: skip
KNOWN = """SELECT kind, value, profile_id FROM identities
JOIN unnest($1::text[], $2::text[], $3::text[]) AS wanted (workspace, kind, value) USING (workspace, kind, value)"""
PEOPLE = """SELECT profile_id, record, now FROM profiles
JOIN unnest($1::text[], $2::uuid[]) AS wanted (workspace, profile_id) USING (workspace, profile_id)"""
SEEN = """WITH drawn AS MATERIALIZED (SELECT nextval('resolve_draws') AS draw) SELECT draw, event_id FROM drawn
LEFT JOIN (seen_messages JOIN unnest($1::text[], $2::uuid[]) AS wanted (workspace, event_id) USING (workspace, event_id)) ON true"""
SAVE = """UPDATE profiles SET version = new.version, email = new.email, record = new.record, now = new.now
FROM unnest($1::text[], $2::uuid[], $3::int[], $4::text[], $5::json[], $6::timestamptz[])
AS new (workspace, profile_id, version, email, record, now)
WHERE profiles.workspace = new.workspace AND profiles.profile_id = new.profile_id"""
TOUCH = """UPDATE profiles SET now = new.now
FROM unnest($1::text[], $2::uuid[], $3::timestamptz[]) AS new (workspace, profile_id, now)
WHERE profiles.workspace = new.workspace AND profiles.profile_id = new.profile_id"""
REMEMBER = """INSERT INTO seen_messages (day, workspace, event_id, profile_id, seen_at, partition)
SELECT (seen_at AT TIME ZONE 'UTC')::date, workspace, event_id, profile_id, seen_at, partition
FROM unnest($1::text[], $2::uuid[], $3::uuid[], $4::timestamptz[], $5::int[])
AS new (workspace, event_id, profile_id, seen_at, partition)"""
ADVANCE = """WITH moved AS (INSERT INTO positions AS known (loop, owner, topic, partition, next_offset, appended_at)
SELECT $1, owner, topic, owner, next_offset, appended_at
FROM unnest($2::int[], $3::text[], $4::bigint[], $5::timestamptz[]) AS new (owner, topic, next_offset, appended_at)
ON CONFLICT (loop, owner, topic, partition) DO UPDATE SET next_offset = excluded.next_offset, appended_at = excluded.appended_at
WHERE known.next_offset < excluded.next_offset RETURNING 1
), seen AS (INSERT INTO sequences_seen (loop, owner, topic, partition, origin, last)
SELECT $1, owner, topic, owner, origin, last FROM unnest($6::int[], $7::text[], $8::text[], $9::bigint[]) AS new (owner, topic, origin, last)
ON CONFLICT (loop, owner, topic, partition, origin) DO UPDATE SET last = excluded.last
), drawn AS (INSERT INTO sequences_drawn (loop, owner, topic, counters)
SELECT $1, owner, topic, counters::bigint[] FROM unnest($10::int[], $11::text[], $12::text[]) AS new (owner, topic, counters)
ON CONFLICT (loop, owner, topic) DO UPDATE SET counters = excluded.counters
), boxed AS (INSERT INTO outbox (loop, owner, batch, ordinal, topic, partition, key, value, headers) SELECT $1, * FROM unnest(
$13::int[], $14::bigint[], $15::int[], $16::text[], $17::int[], $18::bytea[], $19::bytea[], $20::bytea[])) SELECT count(*) FROM moved"""


class Properties(msgspec.Struct, omit_defaults=True):
    """What may travel, in the order in which it is said."""

    cart_id: str | None = None
    product_id: str | None = None
    sku: str | None = None
    category: str | None = None
    name: str | None = None
    brand: str | None = None
    variant: str | None = None
    price: float | None = None
    quantity: int | None = None
    currency: str | None = None
    position: int | None = None
    url: str | None = None
    image_url: str | None = None


class Traits(msgspec.Struct):
    email: str
    first_name: str = msgspec.field(name="firstName")


class Page(msgspec.Struct):
    path: str


class Context(msgspec.Struct):
    locale: str
    page: Page


class Body(msgspec.Struct):
    userId: str  # noqa: N815 - the name on the wire
    anonymousId: str  # noqa: N815 - as above
    timestamp: datetime
    context: Context
    event: str = ""
    properties: Properties | None = None
    traits: Traits | None = None


class Accepted(msgspec.Struct):
    received_at: datetime
    source: str
    body: Body
    message_id: str


class Event(msgspec.Struct):
    id: UUID
    workspace: str
    correlationid: UUID
    data: Accepted


class Read(msgspec.Struct):
    profile_version: int


class Snapshot(msgspec.Struct):
    subject: UUID
    workspace: str
    data: Read


class Held(msgspec.Struct, omit_defaults=True):
    value: str
    at: datetime
    source: str = ""
    hint: bool = False


class Person(msgspec.Struct, omit_defaults=True):
    version: int = 0
    claimed: bool = False
    registers: tuple[str, ...] = ()
    record: dict[str, Held] = {}
    snapshot_read: int = 0

    def said(self) -> list[str | None]:
        names = ("email", "phone", "first_name", "last_name", "locale", "time_zone", "country")
        return [None if (held := self.record.get(name)) is None else held.value for name in names]


event_of = msgspec.json.Decoder(Event).decode
snapshot_of = msgspec.json.Decoder(Snapshot).decode
person_of = msgspec.json.Decoder(Person).decode
encode = msgspec.json.Encoder().encode
ACTIVITY_DATA = (
    b'{"event_id":"%s","name":%s,"source":%s,"message_id":%s,"occurred_at":%s,"received_at":%s,"profile_version":%d,'
    b'"properties":%s,"context":{"page_path":%s,"locale":%s}}'
)
CONTACT_DATA = (
    b'{"profile_version":%d,"email":%s,"phone":%s,"first_name":%s,"last_name":%s,"locale":%s,"time_zone":%s,"country":%s,'
    b'"consents":[],"merged_into":null}'
)


def told(event: Event, kind: bytes, key: bytes, data: bytes) -> bytes:
    by = str(event.id)
    identity = str(derive("caused", by, kind.decode(), 0)).encode()
    at, workspace = encode(event.data.body.timestamp), event.workspace.encode()
    value: bytes = ENVELOPE % (identity, source_of(LOOP), kind, key, at, workspace, str(event.correlationid).encode(),
                               b'"%s"' % by.encode(), data)  # fmt: skip
    return value


def activity(event: Event, key: bytes, version: int) -> bytes:
    said, body = event.data, event.data.body
    data = ACTIVITY_DATA % (str(event.id).encode(), encode(body.event), encode(said.source), encode(said.message_id),
                            encode(body.timestamp), encode(said.received_at), version, encode(body.properties),
                            encode(body.context.page.path), encode(body.context.locale))  # fmt: skip
    return told(event, b"profile.activity_recorded.v1", key, data)


def contact(event: Event, key: bytes, person: Person) -> bytes:
    data = CONTACT_DATA % (person.version, *map(encode, person.said()))
    return told(event, b"profile.contact_changed.v1", key, data)


def learn(person: Person, event: Event) -> bool:
    """Whether what others know of the person is another afterwards; the newest stands, and what is said beats what a device suggests."""
    said, traits, before = event.data.body, event.data.body.traits, person.said()
    new: dict[str, Any] = {"locale": Held(said.context.locale, said.timestamp, event.data.source, hint=True)}  # fmt: skip
    if traits is not None:
        new["email"] = Held(traits.email, said.timestamp, event.data.source)
        new["first_name"] = Held(traits.first_name, said.timestamp, event.data.source)
    for name, held in new.items():
        known = person.record.get(name)
        if known is None or (not held.hint, held.at) > (not known.hint, known.at):
            person.record[name] = held
    changed = person.said() != before
    person.version += changed
    return changed
