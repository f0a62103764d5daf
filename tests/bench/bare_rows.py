"""How the bare loops save what a batch led to, and the way of what they write from the outbox to the log."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any, TypeAlias
from uuid import UUID

import asyncpg
import msgspec
from aiokafka import AIOKafkaProducer
from bare_sql import ADVANCE, FENCE, LOAD, PUBLISHED, SAVE  # type: ignore[import-not-found] # beside this script
from bare_wire import (  # type: ignore[import-not-found] # as above
    EPOCH,
    LOOP,
    WRITTEN,
    encode,
    journaled,
    partition_for,
    told,
    visits_of,
)

COMPACTED = "profile.contacts"
"""Ordered by a version instead of numbers."""
Row: TypeAlias = tuple[Any, ...]
Key: TypeAlias = tuple[int, UUID, str]
States: TypeAlias = dict[Key, tuple[Any, datetime]]
pack = msgspec.msgpack.Encoder().encode


def across(rows: list[Any], width: int) -> list[list[Any]]:
    return list(map(list, zip(*rows, strict=True))) if rows else [[] for _ in range(width)]


class Way:
    """Numbers what goes out and publishes it beside the batches: the journal first, one batch per partition at a time."""

    def __init__(self, beside: Any, producer: AIOKafkaProducer, prefix: str, partitions: int, life: tuple[str, datetime],
                 loop: str) -> None:  # fmt: skip
        self.beside, self.producer, self.prefix, self.life = beside, producer, prefix, life  # fmt: skip
        self.loop, self.journals = loop, loop.split(".", maxsplit=1)[0] + ".journal"
        self.origins = [f"{loop}/{p}/{life[0]}".encode() for p in range(partitions)]
        self.batches, self.partitions = [0] * partitions, partitions
        self.drawn: list[dict[str, list[int]]] = [{} for _ in self.batches]
        self.rows: list[Row] = []
        self.ordinals: defaultdict[int, int] = defaultdict(int)
        self.waiting: list[Row] = []
        self.depth, self.more, self.room = 0, asyncio.Event(), asyncio.Event()

    def journal(self, owner: int, until: datetime | None, runs: list[Any], timers: list[Any],
                draw: int | None = None) -> None:  # fmt: skip
        value = journaled(self.loop, self.life, owner, self.batches[owner] + 1, until, runs, timers, draw)  # fmt: skip
        self.add(owner, self.journals, owner, b"%d" % owner, value, {})

    def tell(self, owner: int, state: Any, subject: str, workspace: str, cause: UUID, correlation: UUID,
             now: datetime, trace: bytes) -> None:  # fmt: skip
        key = subject.encode()
        self.send_on(owner, WRITTEN, key, told(state, key, workspace, cause, correlation, now), now, trace)  # fmt: skip

    def send_on(self, owner: int, topic: str, key: bytes, value: bytes, now: datetime, trace: bytes) -> None:  # fmt: skip
        accepted = b"%d" % ((now - EPOCH) // timedelta(microseconds=1))
        headers = {"content-type": b"application/cloudevents+json", "accepted": accepted, "traceparent": trace}  # fmt: skip
        self.add(owner, topic, partition_for(key, self.partitions), key, value, headers)

    def add(self, owner: int, topic: str, target: int, key: bytes, value: bytes, headers: dict[str, bytes]) -> None:  # fmt: skip
        ordinal = self.ordinals[owner]
        self.ordinals[owner] = ordinal + 1
        headers["origin"] = self.origins[owner]
        if topic not in (self.journals, COMPACTED):
            counters = self.drawn[owner].setdefault(topic, [0] * self.partitions)
            counters[target] += 1
            headers["sequence"] = b"%d" % counters[target]
        self.rows.append((owner, self.batches[owner] + 1, ordinal, topic, target, key, value, headers))  # fmt: skip

    async def fence(self, db: Any, owners: list[int]) -> None:
        mine = await db.fetch(FENCE, self.loop, owners, [self.batches[p] for p in owners])
        if len(mine) != len(owners):
            raise SystemExit("somebody else owns a partition")

    async def load(self, db: Any, keys: list[Key]) -> States:
        found = await db.fetch(LOAD, *across(keys, 3))
        return {(p, u, w): (visits_of(state), now) for p, u, w, now, state in found}

    async def save(self, db: Any, owners: list[int], states: States, moved: list[Any], seen: list[Any]) -> None:  # fmt: skip
        rows = [(*key, now, encode(state)) for key, (state, now) in states.items()]
        await db.execute(SAVE, *across(rows, 5))
        await self.advance(db, ADVANCE, owners, moved, [*across(moved, 4), *across(seen, 3)])

    async def advance(self, db: Any, statement: str, owners: list[int], moved: list[Any], columns: list[Any]) -> None:  # fmt: skip
        drawn = [(p, topic, "{" + ",".join(map(str, counters)) + "}") for p in owners
                 for topic, counters in self.drawn[p].items()]  # fmt: skip
        boxed = [(*row[:7], pack(row[7])) for row in self.rows]
        columns = [*columns, *across(drawn, 3), *across(boxed, 8)]
        if await db.fetchval(statement, self.loop, *columns) != len(moved):
            raise SystemExit("a position is not where it should be")

    async def committed(self, owners: list[int]) -> None:
        for owner in owners:
            self.batches[owner] += 1
        self.waiting += self.rows
        self.depth += len(self.rows)
        self.rows, self.ordinals = [], defaultdict(int)
        self.more.set()
        if self.depth > 20_000:
            self.room.clear()
            await self.room.wait()

    async def publish(self) -> None:
        while await self.more.wait():
            self.more.clear()
            rows, self.waiting = self.waiting, []
            for journal in (True, False):
                places: defaultdict[tuple[str, int], list[Row]] = defaultdict(list)
                for row in rows:
                    if (row[3] == self.journals) == journal:
                        places[row[3], row[4]].append(row)
                await asyncio.gather(*(self.send(*place, mine) for place, mine in places.items()))
            await self.beside.execute(PUBLISHED, self.loop, *across([row[:3] for row in rows], 3))
            self.depth -= len(rows)
            self.room.set()

    async def send(self, topic: str, target: int, rows: list[Row]) -> None:
        batch = self.producer.create_batch()
        for *_, key, value, headers in rows:
            more = list(headers.items())
            while batch.append(timestamp=None, key=key, value=value, headers=more) is None:
                batch.close()
                await (await self.producer.send_batch(batch, self.prefix + topic, partition=target))
                batch = self.producer.create_batch()
        batch.close()
        await (await self.producer.send_batch(batch, self.prefix + topic, partition=target))


@asynccontextmanager
async def opened(database: str, schema: str, bootstrap: str, prefix: str, partitions: int,
                 loop: str = LOOP) -> AsyncIterator[tuple[Any, Way]]:  # fmt: skip
    session = {"search_path": schema, "jit": "off", "enable_seqscan": "off"}
    db = await asyncpg.connect(database, server_settings=session)
    beside = await asyncpg.connect(database, server_settings=session)
    for p in range(partitions):
        await db.execute("INSERT INTO partitions VALUES ($1, $2, 1, 0, pg_backend_pid())", loop, p)
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap, acks="all", enable_idempotence=True, compression_type="zstd",
                                max_batch_size=1_000_000, max_request_size=1_000_000)  # fmt: skip
    await producer.start()
    life = await db.fetchrow("SELECT id::text, live_since FROM incarnation")
    yield db, Way(beside, producer, prefix, partitions, tuple(life), loop)
