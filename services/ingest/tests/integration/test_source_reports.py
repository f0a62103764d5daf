"""What is told of each source on `ingest.sources`, on a real PostgreSQL, whoever of several tells it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import datetime, timedelta

from common.clock import utc_now
from common.contracts import decode_event
from common.contracts.ingestion import SourceReported
from common.testing.log import FakeLog
from ingest.domain.sources import kinds_of
from ingest.jobs import RENEWED, REPORTS, Reports
from ingest.store import PostgresReceptions
from services.ingest.tests.edge import configuration
from services.ingest.tests.integration.conftest import Registry
from services.ingest.tests.integration.test_receptions import filled, watching

A_WHILE = timedelta(seconds=3)


class Time:
    """A clock that a test turns."""

    def __init__(self) -> None:
        self.now = utc_now()

    def __call__(self) -> datetime:
        return self.now


@asynccontextmanager
async def telling(log: FakeLog, registry: Registry, clock: Time) -> AsyncIterator[Reports]:
    """As a process that begins knows it: nothing."""
    receptions, kinds = PostgresReceptions(registry.database), kinds_of(configuration())
    async with log.reader() as reader, log.publisher() as publisher:
        yield Reports(receptions, reader, publisher, lambda: kinds, clock)


def told(log: FakeLog) -> Mapping[str, SourceReported]:
    """The last report of each source."""
    found = [decode_event(record.value or b"") for record in log.records(REPORTS.topic)]
    return {event.subject: event.payload(SourceReported) for event in found}


def lines(report: SourceReported) -> set[tuple[str, str, int, int]]:
    return {(line.outcome, line.what, line.hour, line.day) for line in report.lines}


async def counted(log: FakeLog, registry: Registry) -> None:
    await filled(log)
    async with watching(log, registry) as watch:
        await watch.look()


async def test_each_source_is_told_of_with_what_came_of_it(registry: Registry) -> None:
    log, clock = FakeLog(1), Time()
    await counted(log, registry)
    async with telling(log, registry, clock) as reports:
        await reports.look()
    found = told(log)

    assert lines(found["shop"]) == {
        ("accepted", "Product Added", 1, 1),
        ("rejected", "no_identity", 1, 1),
        ("refused", "too_fast", 700, 700),
    }
    assert lines(found["site"]) == {("ignored", "bot", 1, 1)}
    assert (found["small"].last_seen, found["small"].lines) == (None, ())
    assert {record.key for record in log.records(REPORTS.topic)} >= {b"demo/shop", b"demo/site"}


async def test_only_what_has_changed_is_told_again_whoever_told_it(registry: Registry) -> None:
    log, clock = FakeLog(1), Time()
    await counted(log, registry)
    async with telling(log, registry, clock) as one, telling(log, registry, clock) as other:
        first = await one.look()
        clock.now += A_WHILE
        assert first == len(told(log))
        assert await other.look() == 0

        await counted(log, registry)
        clock.now += A_WHILE
        assert await other.look() == 2  # the shop and the site; nothing came of the others
        assert await one.look() == 0
    async with telling(log, registry, clock) as restarted:
        clock.now += A_WHILE
        assert await restarted.look() == 0
    assert ("accepted", "Product Added", 2, 2) in lines(told(log)["shop"])


async def test_a_source_is_not_told_more_often_than_every_two_seconds(registry: Registry) -> None:
    log, clock = FakeLog(1), Time()
    async with telling(log, registry, clock) as reports:
        await counted(log, registry)
        await reports.look()
        await counted(log, registry)

        assert await reports.look() == 0


async def test_of_those_who_look_at_once_one_tells(registry: Registry) -> None:
    log, clock = FakeLog(1), Time()
    await counted(log, registry)
    async with telling(log, registry, clock) as one, telling(log, registry, clock) as other:
        await asyncio.gather(one.look(), other.look())
        await asyncio.gather(one.look(), other.look())

    assert len(log.records(REPORTS.topic)) == len(told(log))


async def test_the_hour_moves_on_where_nothing_comes(registry: Registry) -> None:
    log, clock = FakeLog(1), Time()
    await counted(log, registry)
    async with telling(log, registry, clock) as reports:
        await reports.look()
        clock.now += timedelta(hours=2)
        await reports.look()
    quiet = told(log)["shop"]

    assert ("accepted", "Product Added", 0, 1) in lines(quiet)
    assert quiet.as_of == clock.now


async def test_what_is_quiet_is_renewed(registry: Registry) -> None:
    log, clock = FakeLog(1), Time()
    async with telling(log, registry, clock) as reports:
        sources = await reports.look()
        clock.now += RENEWED
        assert await reports.look() == sources


async def test_a_topic_that_cannot_be_read_back_is_told_anew(registry: Registry) -> None:
    log, clock = FakeLog(1), Time()
    await counted(log, registry)
    async with telling(log, registry, clock) as reports:
        first = await reports.look()
        log.compact(REPORTS)
        log.trim(REPORTS, log.bounds(REPORTS).end)
    async with telling(log, registry, clock) as restarted:
        assert await restarted.look() == first
