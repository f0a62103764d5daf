"""What the runtime's tests do with a world: start owners, append, look at what came out."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

from common.clock import monotonic, utc_now
from common.consuming import Consumer, Loop, Pace, Surroundings
from common.consuming.folding import Fuse
from common.consuming.loop import ConfigurationSource
from common.contracts import Payload, decode_event
from common.contracts.ingestion import IngestProgressed
from common.contracts.profiles import LeadScored
from common.ids import derive
from common.streaming.ports import Fetched, Ledger, Log, Outgoing, Place
from common.streaming.wire import own_event
from common.testing.log import FakeLog
from common.testing.postgres import FakeBook, FakeDatabase
from common.testing.postgres_ledger import FakeLedger
from common.testing.settled import Settled
from libs.common.tests.consuming.making import (
    LOOP,
    RELEASES,
    Tally,
    activity,
    handlers,
    outgoing,
    profile,
)

INPUTS = ("profile.activity", "scoring.commands")


@dataclass
class World:
    """A log, a ledger and a book, fake or real; every `owner` is one process."""

    log: Log
    ledger: Callable[[], Ledger]
    book: Any
    database: FakeDatabase | None = None
    """Where commits can be made to fail."""
    pace: Pace = field(default_factory=Pace)
    configuration: ConfigurationSource = field(default_factory=lambda: Settled(RELEASES))

    def consumer(self, fuse: Fuse | None = None) -> Consumer[Tally]:
        """One process's, not running yet."""
        loop = Loop(LOOP, "profile.activity", INPUTS, handlers, self.book)
        ledger, fuse = self.ledger(), fuse or Fuse()
        around = Surroundings(self.log, ledger, self.configuration, self.pace, fuse)
        return Consumer(loop, around)

    @asynccontextmanager
    async def owner(self) -> AsyncIterator[Consumer[Tally]]:
        """A process for the body's duration; leaving is as abrupt as its cancellation."""
        consumer = self.consumer()
        task = asyncio.create_task(consumer.run())
        try:
            yield consumer
        finally:
            # Once may not be enough: where an answer and the cancellation arrive together, a library may keep the answer.
            while not task.done():
                task.cancel()
                await asyncio.wait({task}, timeout=1.0)
            with suppress(asyncio.CancelledError):
                task.result()

    async def append(self, topic: str, partition: int, *records: Outgoing) -> None:
        async with self.log.publisher() as publisher:
            await publisher.publish(Place(topic, partition), records)

    async def read(self, topic: str) -> list[Fetched]:
        """Everything the topic holds now."""
        places = [Place(topic, p) for p in range(self.log.partitions)]
        async with self.log.reader() as reader:
            bounds = await reader.bounds(places)
            await reader.assign({place: bound.begin for place, bound in bounds.items()})
            wanted = sum(bound.end - bound.begin for bound in bounds.values())
            found: list[Fetched] = []
            while len(found) < wanted:
                found += await reader.poll(1000, 0.2)
            return found

    async def payloads(self, topic: str, kind: type[Payload]) -> list[Any]:
        """The distinct events of a type, each once however often it was published, in order."""
        events: dict[UUID, Any] = {}
        for item in await self.read(topic):
            event = decode_event(item.value or b"")
            if event.type == kind.TYPE:
                events.setdefault(event.id, event.payload(kind))
        return list(events.values())

    async def state_progress(self, sequences: Sequence[int], later: timedelta) -> None:
        """Say that every raw partition is folded up to some time from now; only the first led to anything."""
        until = utc_now() + later
        for raw in range(self.log.partitions):
            statement = IngestProgressed(
                partition=raw,
                until=until,
                origin=f"ingest.resolve/{raw}/x",
                sequences=tuple(0 if raw else number for number in sequences),
            )
            identity = derive("progress", raw, until.isoformat())
            value = own_event(
                "ingest.resolve", statement, identity=identity, subject=str(raw), at=until
            )
            await self.append("ingest.progress", 0, Outgoing(str(raw).encode(), value))


def make_fake_world(partitions: int = 2) -> World:
    """Everything in memory."""
    database = FakeDatabase()
    return World(
        log=FakeLog(partitions),
        ledger=lambda: FakeLedger(database, LOOP, patience=0.05),
        book=FakeBook(Tally),
        database=database,
        pace=Pace(wait=0.005, gather=0.0, backoff=0.001),
    )


async def until(what: str, holds: Callable[[], Any], seconds: float = 20.0) -> Any:
    """Ask an async question until the answer is true."""
    end = monotonic() + seconds
    while not (answer := await holds()):
        assert monotonic() < end, f"{what}: not within {seconds:.0f} s"
        await asyncio.sleep(0)
    return answer


ANNA = profile(1)


def events(count: int, *, first: int = 0, poison: int | None = None) -> list[Outgoing]:
    return [
        outgoing(
            ANNA,
            activity(ANNA, "Poison" if number == poison else "Product Viewed", str(number)),
            message=str(number),
            headers={"origin": b"ingest.resolve/0/x", "sequence": str(number + 1).encode()},
        )
        for number in range(first, first + count)
    ]


async def scores(world: World) -> list[int]:
    return [payload.score for payload in await world.payloads("profile.scores", LeadScored)]


async def scored(world: World, count: int) -> bool:
    return len(await scores(world)) >= count
