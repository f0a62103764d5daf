"""The ceiling of `bench timers`: a bare loop that leaves the same rows and records, and promises nothing else.

As bare_consume.py, but for timers: what is due before the stated progress is deleted, folded and told.
Usage: bare_timers.py DATABASE_URL SCHEMA BOOTSTRAP PREFIX PARTITIONS
"""

from __future__ import annotations

import asyncio
import sys
from datetime import datetime
from typing import Any

import msgspec
import uvloop
from aiokafka import AIOKafkaConsumer, TopicPartition
from bare_rows import Way, opened  # type: ignore[import-not-found] # beside this script
from bare_sql import NEXT_DUE, TAKE  # type: ignore[import-not-found] # as above
from bare_wire import LOOP, Visits, derive  # type: ignore[import-not-found] # as above

LIMIT = 500


class Statement(msgspec.Struct):
    partition: int
    until: datetime


class Stated(msgspec.Struct):
    data: Statement


stated_of = msgspec.json.Decoder(Stated).decode


class Timers:
    def __init__(self, way: Way, partitions: int) -> None:
        self.way = way
        self.stated: dict[int, datetime] = {}
        self.due: dict[int, datetime] = {}
        self.partitions = partitions

    def hear(self, records: list[Any]) -> None:
        for record in records:
            statement = stated_of(record.value).data
            self.stated[statement.partition] = statement.until

    def owners(self) -> tuple[datetime | None, list[int]]:
        if len(self.stated) < self.partitions:
            return None, []
        until = min(self.stated.values())
        return until, sorted(p for p, due in self.due.items() if due < until)

    async def look(self, db: Any, owners: list[int]) -> dict[int, datetime]:
        return {row["partition"]: row["due_at"] for row in await db.fetch(NEXT_DUE, LOOP, owners)}

    async def batch(self, db: Any, until: datetime, owners: list[int]) -> None:
        async with db.transaction():
            await self.way.fence(db, owners)
            rows = await db.fetch(TAKE, LOOP, owners, [until] * len(owners), LIMIT)
            rows.sort(key=lambda row: (row[4], row[2], row[3]))
            states = await self.way.load(db, [(p, profile, w) for p, w, profile, *_ in rows])
            fired: dict[int, list[Any]] = {p: [] for p in owners}
            for p, _, profile, name, due, *_ in rows:
                fired[p].append({"profile_id": str(profile), "name": name, "due_at": due})
            for p in owners:
                self.way.journal(p, until, [], fired[p])
            for p, workspace, profile, name, due, correlation, trace in rows:
                state, now = states.get((p, profile, workspace), (None, until))
                now = max(now, until)
                cause = derive("timer", profile, name, due.isoformat())
                seen, cents = (state.seen, state.cents) if state is not None else (0, 0)
                after = Visits(seen + 1, cents, due, cause, name)
                states[p, profile, workspace] = after, now
                self.way.tell(p, after, str(profile), workspace, cause, correlation, now, trace.encode())  # fmt: skip
            next_due = await self.look(db, owners)
            await self.way.save(db, owners, states, [], [])
        await self.way.committed(owners)
        for p in owners:
            self.due.pop(p)
        self.due |= next_due


async def main(database: str, schema: str, bootstrap: str, prefix: str, partitions: int) -> None:
    async with opened(database, schema, bootstrap, prefix, partitions) as (db, way):
        consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, enable_auto_commit=False, auto_offset_reset="none",
                                    fetch_max_wait_ms=100)  # fmt: skip
        await consumer.start()
        place = TopicPartition(prefix + "ingest.progress", 0)
        consumer.assign([place])
        consumer.seek(place, 0)
        timers, publishing = Timers(way, partitions), asyncio.create_task(way.publish())
        timers.due = await timers.look(db, list(range(partitions)))
        while not publishing.done():
            until, owners = timers.owners()
            if until is not None and owners:
                await timers.batch(db, until, owners)
            timers.hear((await consumer.getmany(timeout_ms=0 if owners else 50)).get(place, []))


if __name__ == "__main__":
    uvloop.run(main(sys.argv[1], sys.argv[2], sys.argv[3], sys.argv[4], int(sys.argv[5])))
