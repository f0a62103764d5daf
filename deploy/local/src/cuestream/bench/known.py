"""People whom resolve knows, and what they go on doing."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec

from common.clock import utc_now
from common.configuration import Configuration
from common.consuming import Record
from common.contracts import Payload, encode_event, event_bytes
from common.contracts.envelope import CONTENT_TYPE
from common.contracts.ingestion import EDGE, EventAccepted
from common.contracts.profiles import ContactChanged
from common.ids import accepted_event_id, profile_id
from common.kafka import partition_for
from common.postgres import Database
from common.streaming.ports import Outgoing, Place
from cuestream.bench.backlog import BEGUN
from cuestream.bench.crowd import profile_of, user
from cuestream.bench.filling import copy, settled, without_indexes
from cuestream.bench.sides import WORKSPACE
from ingest.consumer import handlers
from ingest.store import ResolveBook

RAW, CONTACTS = "ingest.events", "profile.contacts"
IDS = 3
"""Of each person: a user id, a device, a mail address."""
_IDENTIFY = 10
"""Every so manieth event says who somebody is, and that they have another name than before."""
_AGAIN = 100
"""Every so manieth event is sent once more."""
_AGE = timedelta(seconds=1)
"""How long ago the edge took in what is laid out: never later than the log did."""
_TRACK = (
    '{"type":"track","event":"Product Added","messageId":"%s","userId":"%s","anonymousId":"%s","timestamp":"%s",'
    '"properties":{"cart_id":"c-4711","product_id":"p-0815","sku":"G-32","category":"Games","name":"Monopoly: 3rd Edition",'
    '"brand":"Hasbro","variant":"200 pieces","price":18.99,"quantity":1,"currency":"EUR","position":3,'
    '"url":"https://shop.example/product/path","image_url":"https://shop.example/product/path.jpg"},"context":{"locale":"de-DE",'
    '"page":{"path":"/product/path"},"library":{"name":"bench","version":"1.0"}}}'
)
_SAID = (
    '{"type":"identify","messageId":"%s","userId":"%s","anonymousId":"%s","timestamp":"%s",'
    '"traits":{"email":"%s@shop.example","firstName":"Ada %d"},"context":{"locale":"de-DE","page":{"path":"/account"}}}'
)


async def fill_people(database: Database, count: int) -> None:
    """So many people, copies of one whom resolve's own code took in."""
    await _meet(database)
    sample = await database.fetch("SELECT * FROM identities")
    person = await database.fetchrow("SELECT * FROM profiles")
    if person is None:
        raise ValueError("resolve took nobody in")
    await _multiply(database, "identities", sample, count)
    await _multiply(database, "profiles", [person], count)


async def _meet(database: Database) -> None:
    """Person number 0, by a call that says who it is, and its contact snapshot read back."""
    said = _record(_accepted("sample", 0, BEGUN, identify=True, number=0), user(0))
    await _fold(database, said)
    await _fold(database, _record(ContactChanged(profile_version=1), str(profile_of(user(0)))))
    await database.execute("DELETE FROM seen_messages")


async def _fold(database: Database, record: Record) -> None:
    book, folds = ResolveBook(), handlers(Configuration()).records
    async with database.transaction() as tx:
        sheet = await book.load(tx, [record])
        entry = sheet.entry(record)
        folded = folds[record.event.type](entry.state, record, BEGUN)
        entry.state, entry.now, entry.changed = folded.state, BEGUN, True
        await book.save(tx, sheet)


def _record(payload: Payload, subject: str) -> Record:
    identity = profile_id(WORKSPACE, "sample", payload.TYPE)
    event = encode_event(
        payload,
        id=identity,
        source=EDGE,
        subject=subject,
        time=BEGUN,
        workspace=WORKSPACE,
        correlationid=identity,
    )
    return Record(RAW, 0, 0, BEGUN, BEGUN, event)


async def _multiply(
    database: Database, table: str, rows: Sequence[Mapping[str, Any]], count: int
) -> None:
    async with without_indexes(database, table):
        await copy(database, table, list(rows[0].keys()), _copies(rows, count))
    await settled(database, table)


def _copies(rows: Sequence[Mapping[str, Any]], count: int) -> Iterator[tuple[Any, ...]]:
    sample, samples = f"-{0:08d}", profile_of(user(0))
    for number in range(1, count):
        own, profile = f"-{number:08d}", profile_of(user(number))

        def changed(value: Any, own: str = own, profile: UUID = profile) -> Any:
            if isinstance(value, str):
                return value.replace(sample, own)
            return profile if value == samples else value

        for row in rows:
            yield tuple(map(changed, row.values()))


@dataclass(slots=True)
class Doings:
    """What was laid out for one round, and what must come of it."""

    places: dict[Place, list[Outgoing]] = field(default_factory=lambda: defaultdict(list))
    records: int = 0
    activities: int = 0
    contacts: int = 0


class Life:
    """Numbered events of random people, as the collector appends them; the same seed gives the same ones."""

    def __init__(self, people: int, partitions: int, seed: int = 1) -> None:
        self._people = people
        self._partitions = partitions
        self._chance = random.Random(seed)  # noqa: S311 - a choice of people, no secret
        self._number = 0

    def take(self, count: int) -> Doings:
        """The next so many."""
        doings, received_at = Doings(), utc_now() - _AGE
        while doings.records < count:
            self._number += 1
            who, identify = self._chance.randrange(self._people), self._number % _IDENTIFY == 0
            again = 2 if self._number % _AGAIN == 1 else 1
            target = Place(RAW, partition_for(user(who).encode(), self._partitions))
            doings.places[target] += [self._event(who, received_at, identify=identify)] * again
            doings.records += again
            doings.contacts += identify
            doings.activities += not identify
        return doings

    def _event(self, who: int, received_at: datetime, *, identify: bool) -> Outgoing:
        number = self._number
        name, message_id = user(who), f"bench-{number:012d}"
        identity = accepted_event_id(WORKSPACE, "shop", message_id)
        event = encode_event(
            _accepted(message_id, who, received_at, identify=identify, number=number),
            id=identity,
            source=EDGE,
            subject=name,
            time=received_at,
            workspace=WORKSPACE,
            correlationid=identity,
        )
        headers = {
            "content-type": CONTENT_TYPE.encode(),
            "traceparent": b"00-%032x-%016x-01" % (number, number),
        }
        return Outgoing(name.encode(), event_bytes(event), headers)


def _accepted(
    message_id: str, who: int, received_at: datetime, *, identify: bool, number: int
) -> EventAccepted:
    name, stamp = user(who), (BEGUN + timedelta(milliseconds=number)).isoformat()
    head = (message_id, name, f"device-{who:08d}", stamp)
    body = _SAID % (*head, name, number) if identify else _TRACK % head
    return EventAccepted(
        protocol="segment",
        received_at=received_at,
        source="shop",
        body=msgspec.Raw(body.encode()),
        call="identify" if identify else "track",
        message_id=message_id,
    )
