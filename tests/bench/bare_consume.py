"""The ceiling of `bench consume`: a bare loop that leaves the same rows and records, and promises nothing else.

No ownership, poison, restart, configuration, metrics or time, no error handled: read, decode, sequences, load, fold, save,
positions, journal, outbox, publish, delete.
Usage: bare_consume.py DATABASE_URL SCHEMA BOOTSTRAP PREFIX PARTITIONS
"""

from __future__ import annotations

import asyncio
import sys
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
import uvloop
from aiokafka import AIOKafkaConsumer, TopicPartition
from bare_rows import Key, Way, opened  # type: ignore[import-not-found] # beside this script
from bare_sql import BEGIN  # type: ignore[import-not-found] # as above
from bare_wire import EPOCH, LOOP, READ, Visits  # type: ignore[import-not-found] # as above


class Event(msgspec.Struct):
    id: UUID
    type: str
    subject: str
    workspace: str
    correlationid: UUID
    data: msgspec.Raw


class Properties(msgspec.Struct):
    price: float
    quantity: int


class Activity(msgspec.Struct):
    event_id: UUID
    name: str
    occurred_at: datetime
    properties: Properties


event_of, activity_of = msgspec.json.Decoder(Event).decode, msgspec.json.Decoder(Activity).decode


class Loop:
    def __init__(self, way: Way, partitions: int) -> None:
        self.way = way
        self.next = [0] * partitions
        self.seen: dict[tuple[int, bytes], int] = {}

    async def batch(self, db: Any, got: dict[TopicPartition, list[Any]]) -> None:
        moved, seen = [], dict[tuple[int, bytes], int]()
        events: list[tuple[Key, Event, datetime, bytes]] = []
        for place, records in sorted(got.items()):
            p, last = place.partition, records[-1]
            events += self.decoded(p, records, seen)
            appended = EPOCH + timedelta(milliseconds=last.timestamp)
            moved.append((p, self.next[p], last.offset + 1, appended))
        owners = [p for p, *_ in moved]
        async with db.transaction():
            await self.way.fence(db, owners)
            states = await self.way.load(db, list({key: None for key, *_ in events}))
            for p, first, after, _ in moved:
                run = {"topic": READ, "partition": p, "first": first, "last": after - 1}
                self.way.journal(p, None, [run], [])
            for key, event, accepted, trace in events:
                state, now = states.get(key, (None, accepted))
                now = max(now, accepted)
                after = fold(state, event)
                states[key] = after, now
                if after.seen % 3 == 0:
                    self.way.tell(key[0], after, event.subject, event.workspace, event.id, event.correlationid, now, trace)  # fmt: skip
            rows = [(p, origin.decode(), number) for (p, origin), number in seen.items()]
            await self.way.save(db, owners, states, moved, rows)
        await self.way.committed(owners)
        self.seen |= seen
        for p, _, after, _ in moved:
            self.next[p] = after

    def decoded(self, p: int, records: list[Any], seen: dict[tuple[int, bytes], int]) -> list[Any]:
        events = []
        for record in records:
            headers = dict(record.headers)
            origin, number = (p, headers["origin"]), int(headers["sequence"])
            known = seen.get(origin) or self.seen.get(origin, 0)
            if number <= known:
                continue
            if number > known + 1:
                raise SystemExit("a gap in the sequences")
            seen[origin] = number
            event = event_of(record.value)
            accepted = EPOCH + timedelta(microseconds=int(headers["accepted"]))
            key = (p, UUID(event.subject), event.workspace)
            events.append((key, event, accepted, headers["traceparent"]))
        return events


def fold(state: Visits | None, event: Event) -> Visits:
    activity = activity_of(event.data)
    cents = round(100 * activity.properties.price) * activity.properties.quantity
    seen, before = (state.seen, state.cents) if state is not None else (0, 0)
    return Visits(seen + 1, before + cents, activity.occurred_at, activity.event_id, activity.name)


async def main(database: str, schema: str, bootstrap: str, prefix: str, partitions: int) -> None:
    async with opened(database, schema, bootstrap, prefix, partitions) as (db, way):
        consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, enable_auto_commit=False, auto_offset_reset="none",
                                    fetch_max_wait_ms=100)  # fmt: skip
        await consumer.start()
        places = [TopicPartition(prefix + READ, p) for p in range(partitions)]
        consumer.assign(places)
        for place in places:
            consumer.seek(place, 0)
            await db.execute(BEGIN, LOOP, place.partition, READ)
        loop, publishing = Loop(way, partitions), asyncio.create_task(way.publish())
        while not publishing.done():
            got = await consumer.getmany(timeout_ms=50, max_records=500)
            if got:
                await loop.batch(db, got)


if __name__ == "__main__":
    uvloop.run(main(sys.argv[1], sys.argv[2], sys.argv[3], sys.argv[4], int(sys.argv[5])))
