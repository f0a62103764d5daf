"""The ceiling of `bench resolve`: a bare loop that leaves the same rows and records, and promises nothing else.

Read, decode, drop what was seen, look ids up, load people, update them, remember the events, positions, journal, outbox,
publish, delete; and read the contact snapshots back. It knows nobody new, links and merges nobody, locks no row, takes texts
and numbers as they are said (nothing is scrubbed or brought into a form), states no progress, and handles no error.
Usage: bare_resolve.py DATABASE_URL SCHEMA BOOTSTRAP PREFIX PARTITIONS
"""

from __future__ import annotations

import asyncio
import sys
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import uvloop
from aiokafka import AIOKafkaConsumer, TopicPartition
from bare_people import (  # type: ignore[import-not-found] # beside this script
    ACTIVITY,
    ADVANCE,
    CONTACTS,
    EVENTS,
    KNOWN,
    LOOP,
    PEOPLE,
    REMEMBER,
    SAVE,
    SEEN,
    TOUCH,
    Event,
    Person,
    Snapshot,
    activity,
    contact,
    encode,
    event_of,
    learn,
    person_of,
    snapshot_of,
)
from bare_rows import Way, across, opened  # type: ignore[import-not-found] # as above
from bare_wire import EPOCH  # type: ignore[import-not-found] # as above

Got = dict[TopicPartition, list[Any]]
Taken = tuple[int, Event, datetime, bytes]


class Batch:
    """What one batch touches, while it is folded."""

    def __init__(self) -> None:
        self.events: list[Taken] = []
        self.read: list[Snapshot] = []
        self.moved: list[Any] = []
        self.begun: list[Any] = []
        self.ids: dict[tuple[str, str], UUID] = {}
        self.people: dict[tuple[str, UUID], tuple[Person, datetime]] = {}
        self.changed: set[tuple[str, UUID]] = set()
        self.touched: set[tuple[str, UUID]] = set()
        self.remembered: list[Any] = []


class Loop:
    def __init__(self, way: Way, prefix: str) -> None:
        self.way, self.cut = way, len(prefix)
        self.next: dict[tuple[str, int], int] = {}

    async def batch(self, db: Any, got: Got) -> None:
        batch, runs = Batch(), dict[int, list[Any]]()
        for place, records in sorted(got.items(), key=lambda one: (one[0].partition, one[0].topic)):
            topic, p, last = place.topic[self.cut :], place.partition, records[-1]
            first = self.next.get((topic, p))
            runs.setdefault(p, []).append({"topic": topic, "partition": p, "first": first or 0, "last": last.offset})  # fmt: skip
            batch.moved.append((p, topic, last.offset + 1, at(last)))
            if topic == EVENTS:
                batch.events += [(p, event_of(r.value), at(r), dict(r.headers)["traceparent"]) for r in records]  # fmt: skip
                continue
            batch.begun += [(p, topic, "@begin", 0)] if first is None else []
            batch.read += [snapshot_of(r.value) for r in records]
        async with db.transaction():
            await self.way.fence(db, list(runs))
            draw, known = await load(db, batch)
            for p, its in runs.items():
                self.way.journal(p, None, its, [], draw)
            self.fold(batch, known)
            await save(db, batch)
            columns = [*across(batch.moved, 4), *across(batch.begun, 4)]
            await self.way.advance(db, ADVANCE, list(runs), batch.moved, columns)
        await self.way.committed(list(runs))
        self.next |= {(topic, p): after for p, topic, after, _ in batch.moved}

    def fold(self, batch: Batch, known: set[UUID]) -> None:
        for p, event, appended, trace in batch.events:
            if event.id in known:
                continue
            known.add(event.id)
            who = (event.workspace, owner_of(event, batch.ids))
            person, now = batch.people[who]
            now = max(now, appended)
            batch.people[who] = person, now
            batch.touched.add(who)
            batch.remembered.append((event.workspace, event.id, who[1], now, p))
            key = str(who[1]).encode()
            if event.data.body.traits is None:
                value = activity(event, key, person.version)
                self.way.send_on(p, ACTIVITY, key, value, now, trace)
                continue
            batch.changed.add(who)
            if learn(person, event):
                self.way.send_on(p, CONTACTS, key, contact(event, key, person), now, trace)
        for snapshot in batch.read:
            who = (snapshot.workspace, snapshot.subject)
            person, version = batch.people[who][0], snapshot.data.profile_version
            if version > person.snapshot_read:
                person.snapshot_read = version
                batch.changed.add(who)


def at(record: Any) -> datetime:
    appended: datetime = EPOCH + timedelta(milliseconds=record.timestamp)
    return appended


def names(event: Event) -> list[tuple[str, str]]:
    body = event.data.body
    found = [("user", body.userId), ("anonymous", body.anonymousId)]
    return found if body.traits is None else [*found, ("email", body.traits.email)]


def owner_of(event: Event, ids: dict[tuple[str, str], UUID]) -> UUID:
    first, *others = [ids[name] for name in names(event)]
    if any(other != first for other in others):
        raise SystemExit("two people in one event")
    return first


async def load(db: Any, batch: Batch) -> tuple[int, set[UUID]]:
    wanted = {(event.workspace, *name) for _, event, *_ in batch.events for name in names(event)}
    if wanted:
        rows = await db.fetch(KNOWN, *across(list(wanted), 3))
        batch.ids = {(kind, value): profile for kind, value, profile in rows}
    workspaces = {event.workspace for _, event, *_ in batch.events} | {s.workspace for s in batch.read}  # fmt: skip
    (workspace,) = workspaces
    people = {*batch.ids.values(), *(snapshot.subject for snapshot in batch.read)}
    rows = await db.fetch(PEOPLE, [workspace] * len(people), list(people))
    batch.people = {(workspace, who): (person_of(record), now) for who, record, now in rows}
    ids = [event.id for _, event, *_ in batch.events]
    rows = await db.fetch(SEEN, [workspace] * len(ids), ids)
    return rows[0]["draw"], {row["event_id"] for row in rows}


async def save(db: Any, batch: Batch) -> None:
    changed = [(*who, person.version, person.said()[0], encode(person).decode(), now)
               for who in batch.changed for person, now in (batch.people[who],)]  # fmt: skip
    if changed:
        await db.execute(SAVE, *across(changed, 6))
    touched = [(*who, batch.people[who][1]) for who in batch.touched - batch.changed]
    if touched:
        await db.execute(TOUCH, *across(touched, 3))
    if batch.remembered:
        await db.execute(REMEMBER, *across(batch.remembered, 5))


async def main(database: str, schema: str, bootstrap: str, prefix: str, partitions: int) -> None:
    async with opened(database, schema, bootstrap, prefix, partitions, LOOP) as (db, way):
        consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, enable_auto_commit=False, auto_offset_reset="none",
                                    fetch_max_wait_ms=100)  # fmt: skip
        await consumer.start()
        places = [TopicPartition(prefix + topic, p) for topic in (EVENTS, CONTACTS) for p in range(partitions)]  # fmt: skip
        consumer.assign(places)
        for place in places:
            consumer.seek(place, 0)
        loop, publishing = Loop(way, prefix), asyncio.create_task(way.publish())
        while not publishing.done():
            got = await consumer.getmany(timeout_ms=50, max_records=500)
            if got:
                await loop.batch(db, got)


if __name__ == "__main__":
    uvloop.run(main(sys.argv[1], sys.argv[2], sys.argv[3], sys.argv[4], int(sys.argv[5])))
