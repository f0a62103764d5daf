"""Reads where the loops stand, from their databases, the log and the processes."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta

from common.clock import utc_now
from common.contracts import load_topics
from common.errors import CuestreamError
from common.kafka import scan
from common.postgres import Database, PostgresOversight
from common.progress.statements import PROGRESS, statement_of
from common.streaming.oversight import Holding, Oversight
from common.streaming.ports import Bounds, Fetched, Log, Place, Position, Reader
from cuestream.commands.positions.accepting import ACTIVITY, Found, latest
from cuestream.failures import FindingError, UnreachableError, UsageError
from cuestream.reaching.installation import Installation
from cuestream.stack.postgres.roles import SERVICES

_RECENT = timedelta(minutes=5)
"""resolve speaks four times a second where it lives."""


@asynccontextmanager
async def overseeing(installation: Installation, service: str) -> AsyncIterator[Oversight]:
    """One service's rows, while the block lasts.

    Raises:
        UnreachableError: the database does not answer, now or in the block.
    """
    url = installation.database(service)
    try:
        async with Database.connect(
            url, schema=service, application_name="cuestream", connections=1
        ) as database:
            yield PostgresOversight(database)
    except CuestreamError as error:
        raise UnreachableError(
            f"The database of {service}: {error}.", "See `cuestream status`."
        ) from error


async def holdings(installation: Installation, services: Sequence[str]) -> list[Holding]:
    """Of all loops of these services."""
    found: list[Holding] = []
    for service in services:
        async with overseeing(installation, service) as oversight:
            found += await oversight.holdings()
    return found


async def bounds_of(log: Log, held: Sequence[Holding]) -> Mapping[Place, Bounds]:
    """Of every place that is read."""
    places = {place for holding in held for place in holding.positions}
    async with log.reader() as reader:
        return await reader.bounds(sorted(places))


def service_of(loop: str) -> str:
    """Which service a loop belongs to.

    Raises:
        UsageError: there is none of that name.
    """
    service = loop.partition(".")[0]
    if service not in SERVICES:
        raise UsageError(
            f"There is no loop {loop}.", "Loops are named as in `cuestream positions show`."
        )
    return service


@dataclass(frozen=True, slots=True)
class Spot:
    """What is to be accepted."""

    loop: str
    place: Place


async def find(oversight: Oversight, log: Log, spot: Spot) -> Found:
    """All that the decision needs.

    Raises:
        FindingError: the loop does not read there.
    """
    place = spot.place
    held = await oversight.holdings()
    positions: Mapping[Place, Position] = next(
        (h.positions for h in held if (h.loop, h.partition) == (spot.loop, place.partition)), {}
    )
    if place not in positions:
        topics = ", ".join(sorted(one.topic for one in positions)) or "nothing"
        raise FindingError(
            f"{spot.loop} has no position at {place.topic}/{place.partition}.",
            f"On that partition it has read: {topics}.",
        )
    position = positions[place]
    seen = await oversight.seen(spot.loop, place.partition, place)
    async with log.reader() as reader:
        # Before the log is looked at: what is stated by now and not in the log is gone.
        stated = await _stated(reader, log.partitions, place)
        bounds = (await reader.bounds([place]))[place]
        before = (await reader.records_at({place: position.next_offset - 1})).get(place)
        found = Found(position, bounds, before, seen, (), complete=True, statements=stated)
        records, complete = await _ahead(reader, found, place)
    return Found(position, bounds, before, seen, records, complete=complete, statements=stated)


async def _ahead(reader: Reader, found: Found, place: Place) -> tuple[Sequence[Fetched], bool]:
    """What is to be read there, of records with a number."""
    start = found.position.next_offset if found.change == "none" else found.bounds.begin
    looked = await scan(
        reader, [place], lambda record: record.offset >= start and "sequence" in record.headers
    )
    return looked.records, looked.complete


async def _stated(reader: Reader, partitions: int, place: Place) -> dict[str, int]:
    if place.topic != ACTIVITY:
        return {}
    looked = await scan(reader, [PROGRESS], lambda _: True, since=utc_now() - _RECENT)
    statements = (statement_of(record, partitions) for record in looked.records)
    return latest((one for one in statements if one is not None), place.partition)


def known_topic(topic: str, partition: int, partitions: int) -> Place:
    """The place that is meant.

    Raises:
        UsageError: there is no such topic or partition.
    """
    topics = load_topics(partitions).by_name
    if topic not in topics:
        raise UsageError(f"There is no topic {topic}.")
    if not 0 <= partition < topics[topic].partitions:
        raise UsageError(f"{topic} has the partitions 0 to {topics[topic].partitions - 1}.")
    return Place(topic, partition)
