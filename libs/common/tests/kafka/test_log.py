"""What the runtime may rely on, asked of the Kafka in memory and of the real one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import UTC, timedelta
from typing import Any

import pytest

from common.clock import utc_now
from common.errors import PermanentError
from common.kafka import MAX_BATCH_BYTES
from common.streaming.ports import Bounds, Fetched, Outgoing, Reader


def values(records: Any) -> list[bytes | None]:
    return [record.value for record in records]


def outgoing(*texts: str) -> list[Outgoing]:
    return [Outgoing(b"key", text.encode()) for text in texts]


async def read(reader: Reader, count: int, *, limit: int = 500) -> list[Fetched]:
    fetched: list[Fetched] = []
    async with asyncio.timeout(20):
        while len(fetched) < count:
            fetched.extend(await reader.poll(limit, 0.2))
    return fetched


async def test_what_is_published_is_read_as_it_was_and_in_order(setting: Any) -> None:
    records = [
        Outgoing(b"anna", b"\x00first", {"sequence": b"1", "binary": b"\xff"}),
        Outgoing(b"anna", None),
        Outgoing(None, b""),
    ]
    before = utc_now()
    async with setting.log.publisher() as publisher, setting.log.reader() as reader:
        await publisher.publish(setting.place(1), records)
        await reader.assign({setting.place(1): 0})
        fetched = await read(reader, 3)

    assert [(f.place, f.offset) for f in fetched] == [(setting.place(1), n) for n in range(3)]
    assert [Outgoing(f.key, f.value, dict(f.headers)) for f in fetched] == records
    for record in fetched:
        assert record.appended_at.tzinfo is UTC
        assert abs(record.appended_at - before) < timedelta(seconds=30)


async def test_a_poll_takes_at_most_so_many_and_the_next_goes_on(setting: Any) -> None:
    async with setting.log.publisher() as publisher, setting.log.reader() as reader:
        for partition in (0, 1):
            await publisher.publish(setting.place(partition), outgoing(*"abcdef"))
        await reader.assign({setting.place(0): 0, setting.place(1): 2})

        polls: list[Sequence[Fetched]] = []
        async with asyncio.timeout(20):
            while sum(len(poll) for poll in polls) < 10:
                polls.append(await reader.poll(4, 0.2))

    fetched = [record for poll in polls for record in poll]
    assert max(len(poll) for poll in polls) == 4
    assert b"".join(f.value or b"" for f in fetched if f.place.partition == 0) == b"abcdef"
    assert b"".join(f.value or b"" for f in fetched if f.place.partition == 1) == b"cdef"


async def test_a_poll_waits_only_so_long_for_nothing(setting: Any) -> None:
    async with setting.log.reader() as reader:
        assert list(await reader.poll(10, 0.01)) == []
        await reader.assign({setting.place(): 0})
        async with asyncio.timeout(5):
            assert list(await reader.poll(10, 0.01)) == []


async def test_a_waiting_poll_wakes_when_a_record_comes(setting: Any) -> None:
    async with setting.log.publisher() as publisher, setting.log.reader() as reader:
        await reader.assign({setting.place(): 0})
        waiting = asyncio.create_task(reader.poll(10, 30))
        await publisher.publish(setting.place(), outgoing("a"))
        async with asyncio.timeout(10):
            assert values(await waiting) == [b"a"]


async def test_one_poll_gives_all_that_came_to_all_places_since_the_last(setting: Any) -> None:
    places = [setting.place(partition) for partition in range(3)]
    async with setting.log.publisher() as publisher, setting.log.reader() as reader:
        await publisher.publish(places[0], outgoing("a0"))
        await reader.assign(dict.fromkeys(places, 0))
        assert values(await read(reader, 1)) == [b"a0"]
        for place in places:
            await publisher.publish(place, outgoing(f"b{place.partition}"))

        fetched = await reader.poll(10, 10)

    assert sorted(record.value or b"" for record in fetched) == [b"b0", b"b1", b"b2"]


async def test_after_a_seek_the_records_come_again(setting: Any) -> None:
    async with setting.log.publisher() as publisher, setting.log.reader() as reader:
        await publisher.publish(setting.place(), outgoing(*"abc"))
        await reader.assign({setting.place(): 0})
        assert values(await read(reader, 3)) == [b"a", b"b", b"c"]

        reader.seek(setting.place(), 1)

        assert values(await read(reader, 2)) == [b"b", b"c"]
        with pytest.raises(ValueError, match="not assigned"):
            reader.seek(setting.place(2), 0)


async def test_a_paused_place_gives_nothing_until_it_is_resumed(setting: Any) -> None:
    async with setting.log.publisher() as publisher, setting.log.reader() as reader:
        for partition in (0, 1):
            await publisher.publish(setting.place(partition), outgoing(f"a{partition}"))
        await reader.assign({setting.place(0): 0, setting.place(1): 0})
        reader.pause([setting.place(0), setting.place(2)])

        assert values(await read(reader, 1)) == [b"a1"]
        assert values(await reader.poll(10, 0.05)) == []

        reader.resume([setting.place(0), setting.place(2)])
        assert values(await read(reader, 1)) == [b"a0"]


async def test_an_assignment_replaces_the_one_before(setting: Any) -> None:
    zero, one, two = (setting.place(partition) for partition in range(3))
    async with setting.log.publisher() as publisher, setting.log.reader() as reader:
        for place in (zero, one, two):
            await publisher.publish(place, outgoing(f"a{place.partition}", f"b{place.partition}"))
        await reader.assign({zero: 0, one: 0})
        assert len(await read(reader, 4)) == 4
        reader.pause([zero, one])

        await reader.assign({one: 1, two: 1})  # one stays, and stays paused

        assert values(await read(reader, 1)) == [b"b2"]
        assert values(await reader.poll(10, 0.05)) == []
        reader.resume([one])
        assert values(await read(reader, 1)) == [b"b1"]

        await reader.assign({one: 0, two: 2})  # the same places, another offset
        assert values(await read(reader, 2)) == [b"a1", b"b1"]
        await reader.assign({})
        assert values(await reader.poll(10, 0.01)) == []


async def test_bounds_and_append_times_are_known_without_reading(setting: Any) -> None:
    zero, one = setting.place(0), setting.place(1)
    async with setting.log.publisher() as publisher, setting.log.reader() as reader:
        await publisher.publish(zero, outgoing(*"abc"))
        await reader.assign({zero: 0})
        fetched = await read(reader, 3)

        assert await reader.bounds([zero, one]) == {zero: Bounds(0, 3), one: Bounds(0, 0)}
        found = [await reader.records_at({zero: offset, one: 0}) for offset in (0, 2, 3, 99)]
        assert found == [{zero: fetched[0]}, {zero: fetched[2]}, {}, {}]


async def test_records_of_many_places_are_one_question(setting: Any) -> None:
    zero, one, two = (setting.place(partition) for partition in range(3))
    async with setting.log.publisher() as publisher, setting.log.reader() as reader:
        await publisher.publish(zero, outgoing(*"abc"))
        await publisher.publish(two, outgoing(*"de"))

        found = await reader.records_at({zero: 1, one: 0, two: 0})

        assert {place: record.value for place, record in found.items()} == {zero: b"b", two: b"d"}
        assert await reader.records_at({}) == {}


async def test_the_newest_records_of_many_places_are_one_question(setting: Any) -> None:
    zero, one, two = (setting.place(partition) for partition in range(3))
    async with setting.log.publisher() as publisher, setting.log.reader() as reader:
        await publisher.publish(zero, outgoing(*"abcde"))
        await publisher.publish(two, outgoing(*"fg"))
        found = await reader.last_records([zero, one, two], 3)
        assert {p: len(rs) for p, rs in found.items()} == {zero: 3, two: 2}


async def test_what_was_trimmed_is_said_and_never_skipped(setting: Any) -> None:
    place = setting.place()
    async with setting.log.publisher() as publisher, setting.log.reader() as reader:
        await publisher.publish(place, outgoing(*"abcde"))
        await setting.trim(0, 3)

        assert await reader.bounds([place]) == {place: Bounds(3, 5)}
        assert await reader.records_at({place: 1}) == {}
        await reader.assign({place: 1})
        with pytest.raises(PermanentError, match="offset_out_of_range"):
            await read(reader, 1)

        reader.seek(place, 3)
        assert values(await read(reader, 2)) == [b"d", b"e"]


async def test_an_offset_beyond_the_end_is_said(setting: Any) -> None:
    async with setting.log.reader() as reader:
        await reader.assign({setting.place(): 7})
        with pytest.raises(PermanentError, match="offset_out_of_range"):
            await read(reader, 1)


async def test_more_than_a_batch_arrives_whole_and_in_order(setting: Any) -> None:
    records = [Outgoing(b"k", bytes([n]) * (MAX_BATCH_BYTES // 4)) for n in range(10)]
    async with setting.log.publisher() as publisher, setting.log.reader() as reader:
        await publisher.publish(setting.place(), records)
        await reader.assign({setting.place(): 0})
        fetched = await read(reader, 10)

    assert [(record.value or b"-")[0] for record in fetched] == list(range(10))


async def test_a_record_that_no_broker_takes_keeps_the_others_out_too(setting: Any) -> None:
    async with setting.log.publisher() as publisher, setting.log.reader() as reader:
        with pytest.raises(PermanentError, match="record_too_large"):
            await publisher.publish(
                setting.place(), [*outgoing("a"), Outgoing(b"k", b"x" * (MAX_BATCH_BYTES + 1))]
            )
        await publisher.publish(setting.place(), [])
        await publisher.publish(setting.place(), [Outgoing(b"k", b"x" * (MAX_BATCH_BYTES - 100))])

        assert await reader.bounds([setting.place()]) == {setting.place(): Bounds(0, 1)}


class Group:
    """Processes in one consumer group; `shares` is what each elector said last."""

    def __init__(self, setting: Any, size: int = 2) -> None:
        self.setting = setting
        self.shares: list[frozenset[int]] = [frozenset()] * size
        self.healthy = [True] * size
        self.electors: list[Any] = [None] * size
        self._news = asyncio.Event()

    async def run(self, member: int) -> None:
        async def on_assigned(partitions: frozenset[int]) -> None:
            self.shares[member] = partitions
            self._news.set()

        topic = self.setting.topic
        async with self.setting.log.elector(topic, f"{topic}.group") as elector:
            self.electors[member] = elector
            await elector.run(on_assigned, lambda: self.healthy[member])

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(45):
            while not condition():
                self._news.clear()
                await self._news.wait()

    def all_at(self, member: int) -> bool:
        return self.shares[member] == {0, 1, 2}

    def shared(self) -> bool:
        first, second = self.shares
        return bool(first) and bool(second) and not first & second and first | second == {0, 1, 2}


async def test_electors_share_the_partitions_and_inherit_them(setting: Any) -> None:
    group = Group(setting)
    async with asyncio.TaskGroup() as tasks:
        one = tasks.create_task(group.run(0))
        await group.until(lambda: group.all_at(0))

        two = tasks.create_task(group.run(1))
        await group.until(group.shared)

        two.cancel()
        await group.until(lambda: group.all_at(0))
        one.cancel()


async def test_an_unhealthy_process_gives_its_place_away(setting: Any) -> None:
    group = Group(setting)
    async with asyncio.TaskGroup() as tasks:
        one = tasks.create_task(group.run(0))
        two = tasks.create_task(group.run(1))
        await group.until(group.shared)

        group.healthy[0] = False

        await group.until(lambda: group.all_at(1))
        async with asyncio.timeout(20):
            await one
        two.cancel()


async def test_commits_never_raise(setting: Any) -> None:
    group = Group(setting, size=1)
    async with asyncio.TaskGroup() as tasks:
        task = tasks.create_task(group.run(0))
        await group.until(lambda: group.all_at(0))
        (elector,) = group.electors
        await elector.commit({setting.place(): 0, setting.place(77): 5})
        await elector.commit({})
        task.cancel()
    await elector.commit({setting.place(): 0})
