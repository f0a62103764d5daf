"""Timers that wait, and the statements of progress that make some of them due."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from common.contracts.ingestion import IngestProgressed
from common.ids import derive
from common.postgres import Database
from common.streaming.ports import Outgoing, Place
from common.streaming.wire import own_event
from cuestream.bench.backlog import BEGUN, fill_profiles, people
from cuestream.bench.filling import copy, settled, without_indexes
from cuestream.bench.grounds import Party
from cuestream.bench.sides import WORKSPACE
from cuestream.bench.small import NAME

PROGRESS = Place("ingest.progress", 0)
_COLUMNS = ("loop", "partition", "profile_id", "name", "workspace", "due_at", "correlation", "traceparent")  # fmt: skip
_NEVER = timedelta(days=3650)
_APART = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Lot:
    """Timers that become due in one round, `apart` from each other."""

    number: int
    count: int
    apart: timedelta
    profiles: int
    """Of so many profiles, each at most one at a time."""

    @property
    def begun(self) -> datetime:
        return BEGUN + (self.number + 1) * _APART

    @property
    def over(self) -> datetime:
        """A virtual time at which all are due."""
        return self.begun + self.count * self.apart + timedelta(milliseconds=1)

    def rows(self, partitions: int) -> Iterator[tuple[Any, ...]]:
        chosen = people(self.profiles, partitions)
        for index in range(self.count):
            # A stride, so that neighbours in time are no neighbours in the table.
            partition, profile = chosen[index * 7919 % len(chosen)]
            due = self.begun + index * self.apart
            yield _row(partition, profile, f"lot-{self.number}-{index}", due)

    def position(self, name: str) -> timedelta | None:
        """How long after the lot's begin the timer of that name is due; None: it is another lot's."""
        _, number, index = name.split("-")
        return int(index) * self.apart if int(number) == self.number else None


def _row(partition: int, profile: UUID, name: str, due: datetime) -> tuple[Any, ...]:
    trace = f"00-{profile.hex}-{profile.hex[:16]}-01"
    return NAME, partition, profile, name, WORKSPACE, due, profile, trace


async def fill(database: Database, waiting: int, lots: list[Lot], partitions: int) -> None:
    """So many timers that will not fire, and those that will."""
    chance = random.Random(2)  # noqa: S311 - ids, no secret

    def rows() -> Iterator[tuple[Any, ...]]:
        for number in range(waiting):
            profile = UUID(int=chance.getrandbits(128))
            yield _row(number % partitions, profile, "waits", BEGUN + _NEVER + number * timedelta(milliseconds=37))  # fmt: skip
        for lot in lots:
            yield from lot.rows(partitions)

    await fill_profiles(database, lots[0].profiles, partitions)
    async with without_indexes(database, "timers"):
        await copy(database, "timers", _COLUMNS, rows())
    await settled(database, "timers")


async def state(side: Party, until: datetime) -> None:
    """Say, as resolve does, that everything up to then is folded."""
    records = []
    for raw in range(side.log.partitions):
        statement = IngestProgressed(
            partition=raw, until=until, origin=f"ingest.resolve/{raw}/bench", sequences=(0,) * side.log.partitions
        )  # fmt: skip
        identity = derive("progress", raw, until.isoformat())
        value = own_event(
            "ingest.resolve", statement, identity=identity, subject=str(raw), at=until
        )
        records.append(Outgoing(str(raw).encode(), value))
    await side.lay(PROGRESS, records)
