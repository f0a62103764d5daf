"""Events as resolve would write them, the same for both sides, with profiles that are there already."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any
from uuid import UUID

import msgspec

from common.clock import EPOCH
from common.contracts.envelope import CONTENT_TYPE
from common.ids import derive
from common.kafka.partitioner import murmur2
from common.postgres import Database
from common.streaming.ports import Outgoing, Place
from cuestream.bench.filling import copy, settled
from cuestream.bench.sides import WORKSPACE
from cuestream.bench.small import EVERY, INPUT, Visits

BEGUN = datetime(2026, 1, 1, tzinfo=UTC)
PROFILES = 100_000
ADDED = "Product Added"
_EVENT = (
    '{"specversion":"1.0","id":"%s","source":"/cuestream/ingest/resolve","type":"profile.activity_recorded.v1","subject":"%s",'
    '"time":"%s","workspace":"%s","correlationid":"%s","causationid":"%s","datacontenttype":"application/json","data":'
    '{"event_id":"%s","name":"%s","source":"shop","message_id":"m-%012d","occurred_at":"%s","received_at":"%s",'
    '"profile_version":1,"properties":{"cart_id":"c-4711","product_id":"p-0815","category":"Games","price":18.99,"quantity":%d,'
    '"currency":"EUR"},"context":{"page_path":"/product/path","locale":"de-DE"}}}'
)


@lru_cache(maxsize=2)
def people(count: int, partitions: int) -> Sequence[tuple[int, UUID]]:
    """So many profiles, each with the partition where its key belongs."""
    made = (derive("bench", number) for number in range(count))
    return [((murmur2(str(p).encode()) & 0x7FFFFFFF) % partitions, p) for p in made]


async def fill_profiles(database: Database, count: int, partitions: int) -> None:
    """Each with a history, so that a third of the first events is told already."""
    encode = msgspec.json.Encoder().encode

    def rows() -> Iterator[tuple[Any, ...]]:
        for number, (partition, profile) in enumerate(people(count, partitions)):
            state = Visits(number % EVERY, 100, BEGUN, profile, ADDED)
            yield partition, profile, WORKSPACE, BEGUN, 1, encode(state)

    columns = ("partition", "profile_id", "workspace", "now", "schema", "state")
    await copy(database, "profiles", columns, rows())
    await settled(database, "profiles")


class Backlog:
    """Numbered events of random profiles; the same seed gives the same ones."""

    def __init__(
        self, profiles: int, partitions: int, seed: int = 1, names: Sequence[str] = (ADDED,)
    ) -> None:
        """What they do goes round `names`."""
        self.partitions = partitions
        self._names = names
        self._people = people(profiles, partitions)
        self._chance = random.Random(seed)  # noqa: S311 - a choice of profiles, no secret
        self._sequences: defaultdict[tuple[int, int], int] = defaultdict(int)
        self._number = 0
        self.laid = 0

    def take(self, count: int, *, partition: int | None = None) -> dict[Place, list[Outgoing]]:
        """The next so many, by where they go; of one partition if one is named."""
        places: dict[Place, list[Outgoing]] = defaultdict(list)
        while count:
            owner, profile = self._chance.choice(self._people)
            if partition in (None, owner):
                places[Place(INPUT, owner)].append(self._event(owner, profile))
                count -= 1
                self.laid += 1
        return places

    def _event(self, owner: int, profile: UUID) -> Outgoing:
        number = self._number = self._number + 1
        raw = number % self.partitions
        sequence = self._sequences[raw, owner] = self._sequences[raw, owner] + 1
        at = BEGUN + timedelta(milliseconds=number)
        name = self._names[number % len(self._names)]
        time, cause = at.isoformat(), str(derive("bench event", number))
        value = _EVENT % (cause, profile, time, WORKSPACE, cause, cause, cause, name, number, time, time, number % 7 + 1)  # fmt: skip
        headers = {
            "content-type": CONTENT_TYPE.encode(),
            "accepted": b"%d" % ((at - EPOCH) // timedelta(microseconds=1)),
            "traceparent": b"00-%032x-%016x-01" % (number, number),
            "origin": b"ingest.resolve/%d/bench" % raw,
            "sequence": b"%d" % sequence,
        }
        return Outgoing(str(profile).encode(), value.encode(), headers)
