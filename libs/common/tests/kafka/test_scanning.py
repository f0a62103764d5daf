"""Looking back into the log, in memory and on a real one."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import Any

import pytest

from common.errors import TransientError
from common.kafka import scan
from common.streaming.ports import Fetched, Outgoing, Place, Reader
from common.testing.log import FakeLog


def outgoing(*texts: str) -> list[Outgoing]:
    return [Outgoing(text[:1].encode(), text.encode()) for text in texts]


def is_a(record: Fetched) -> bool:
    return record.key == b"a"


async def appended_at(reader: Reader, place: Place, offset: int) -> datetime:
    return (await reader.records_at({place: offset}))[place].appended_at


async def append_later(setting: Any, reader: Reader) -> tuple[int, datetime]:
    """Append until the broker's clock, which knows milliseconds, has moved; the newest record's offset and time."""
    place = setting.place()
    end = (await reader.bounds([place]))[place].end
    last = at = await appended_at(reader, place, end - 1)
    async with asyncio.timeout(10), setting.log.publisher() as publisher:
        while at == last:
            await publisher.publish(place, outgoing("later"))
            end += 1
            at = await appended_at(reader, place, end - 1)
    return end - 1, at


async def test_offsets_since_an_instant_are_those_of_the_first_record_of_that_time(
    setting: Any,
) -> None:
    zero, one = setting.place(0), setting.place(1)
    async with setting.log.publisher() as publisher, setting.log.reader() as reader:
        await publisher.publish(zero, outgoing("a1", "a2"))
        later, at = await append_later(setting, reader)

        assert await reader.offsets_since([zero, one], at) == {zero: later, one: 0}
        assert await reader.offsets_since([zero], at - timedelta(hours=1)) == {zero: 0}
        assert await reader.offsets_since([zero], at + timedelta(hours=1)) == {zero: later + 1}


async def test_a_scan_gives_what_is_wanted_up_to_the_end(setting: Any) -> None:
    places = [setting.place(partition) for partition in range(3)]
    async with setting.log.publisher() as publisher, setting.log.reader() as reader:
        await publisher.publish(places[0], outgoing("a1", "b1", "a2"))
        await publisher.publish(places[2], outgoing("b2", "a3", "b3"))

        scanned = await scan(reader, places, is_a)

    assert scanned.complete
    assert sorted(record.value or b"" for record in scanned.records) == [b"a1", b"a2", b"a3"]


async def test_a_scan_begins_at_an_instant(setting: Any) -> None:
    place = setting.place()
    async with setting.log.publisher() as publisher, setting.log.reader() as reader:
        await publisher.publish(place, outgoing("a1", "a2"))
        _, at = await append_later(setting, reader)
        await publisher.publish(place, outgoing("a3"))

        scanned = await scan(reader, [place], is_a, since=at)

    assert [record.value for record in scanned.records] == [b"a3"]


async def test_what_was_scanned_can_be_scanned_again(setting: Any) -> None:
    place = setting.place()
    async with setting.log.publisher() as publisher, setting.log.reader() as reader:
        await publisher.publish(place, outgoing("a1"))
        await scan(reader, [place], is_a)

        scanned = await scan(reader, [place], is_a)

    assert [record.value for record in scanned.records] == [b"a1"]


async def test_a_scan_of_a_trimmed_log_begins_where_the_log_does(setting: Any) -> None:
    place = setting.place()
    async with setting.log.publisher() as publisher, setting.log.reader() as reader:
        await publisher.publish(place, outgoing("a1", "a2", "a3"))
        first = await appended_at(reader, place, 0)
        await setting.trim(0, 2)

        scanned = await scan(reader, [place], is_a, since=first)

    assert [record.value for record in scanned.records] == [b"a3"]


async def test_a_scan_of_nothing_is_complete(setting: Any) -> None:
    async with setting.log.reader() as reader:
        scanned = await scan(reader, [setting.place()], is_a)

    assert scanned.complete
    assert scanned.records == ()


async def test_a_scan_that_takes_too_long_says_that_it_is_not_complete(setting: Any) -> None:
    async with setting.log.publisher() as publisher, setting.log.reader() as reader:
        await publisher.publish(setting.place(), outgoing("a1"))

        scanned = await scan(reader, [setting.place()], is_a, seconds=0.0)

    assert not scanned.complete


async def test_a_scan_says_when_the_log_is_away() -> None:
    log = FakeLog()
    place = Place("decisions", 0)
    log.append(place, *outgoing("a1"))
    log.fail_next_polls()

    async with log.reader() as reader:
        with pytest.raises(TransientError, match="kafka_unavailable"):
            await scan(reader, [place], is_a)
