"""The edge's way into a topic: on Kafka, and where Kafka is slow, away or full."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest

from common.errors import CuestreamError, PermanentError, TransientError
from common.kafka import MAX_BATCH_BYTES, GroupCommit, KafkaLog, clients, partition_for
from common.kafka.producing import Producing
from common.streaming.ports import Bounds, Outgoing
from common.testing.log import FakeLog

KEYS = [f"visitor-{n}".encode() for n in range(20)]


@asynccontextmanager
async def edge_of(setting: Any) -> AsyncIterator[Any]:
    log = setting.log
    if isinstance(log, FakeLog):
        async with log.group_commit(setting.topic) as fake:
            yield fake
        return
    assert isinstance(log, KafkaLog)
    producing = Producing(lambda: clients.new_producer(log._settings, "test"), 10)
    edge = GroupCommit(setting.topic, log.partitions, producing, deadline=10)
    try:
        yield edge
    finally:
        await edge.close()


async def stored(setting: Any, count: int) -> list[Any]:
    async with setting.log.reader() as reader, asyncio.timeout(20):
        await reader.assign({setting.place(partition): 0 for partition in range(3)})
        records: list[Any] = []
        while len(records) < count:
            records.extend(await reader.poll(500, 0.2))
        bounds = await reader.bounds([setting.place(partition) for partition in range(3)])
    assert sum(bound.end for bound in bounds.values()) == count
    return records


async def test_concurrent_requests_are_all_stored_once_where_their_keys_belong(
    setting: Any,
) -> None:
    async def request(number: int, edge: Any) -> None:
        await edge.append(KEYS[number % 20], b"%d" % number, {"traceparent": b"00"})

    async with edge_of(setting) as edge:
        await asyncio.gather(*(request(number, edge) for number in range(400)))
        assert edge.waiting_bytes == 0

    records = await stored(setting, 400)
    assert sorted(int(record.value) for record in records) == list(range(400))
    for record in records:
        assert record.place.partition == partition_for(record.key, 3)
        assert record.headers == {"traceparent": b"00"}


async def test_one_requests_records_keep_their_order_per_key(setting: Any) -> None:
    records = [
        Outgoing(KEYS[n % 3], b"%04d" % n + b"x" * 9000) for n in range(300)
    ]  # several batches
    async with edge_of(setting) as edge:
        await edge.append_many(records)

    by_key: defaultdict[bytes, list[bytes]] = defaultdict(list)
    for record in await stored(setting, 300):
        by_key[record.key].append(record.value)
    assert [values == sorted(values) for values in by_key.values()] == [True] * 3


async def test_a_record_too_large_keeps_its_request_out(setting: Any) -> None:
    async with edge_of(setting) as edge:
        with pytest.raises(PermanentError, match="record_too_large"):
            await edge.append_many(
                [Outgoing(b"k", b"small"), Outgoing(b"k", b"x" * MAX_BATCH_BYTES)]
            )
        await edge.append(b"k", b"after")

    assert [record.value for record in await stored(setting, 1)] == [b"after"]


class ScriptedProducing:
    """Stands where the producer stands: notes batches, holds or fails them on demand."""

    def __init__(self) -> None:
        self.batches: list[tuple[int, list[bytes | None]]] = []
        self.sending = 0
        self.most = 0
        self.open = asyncio.Event()
        self.open.set()
        self.begun = asyncio.Event()
        self.failures: list[CuestreamError] = []

    async def send(self, topic: str, partition: int, records: Sequence[Outgoing]) -> None:
        self.batches.append((partition, [record.value for record in records]))
        self.sending += 1
        self.most = max(self.most, self.sending)
        self.begun.set()
        try:
            await self.open.wait()
            if self.failures:
                raise self.failures.pop(0)
        finally:
            self.sending -= 1

    async def close(self) -> None:
        self.open.set()


@asynccontextmanager
async def scripted(**options: Any) -> AsyncIterator[tuple[GroupCommit, ScriptedProducing]]:
    producing = ScriptedProducing()
    edge = GroupCommit("topic", 1, producing, **options)  # type: ignore[arg-type]
    try:
        yield edge, producing
    finally:
        producing.open.set()
        await edge.close()


async def test_what_comes_while_a_batch_is_under_way_leaves_together() -> None:
    async with scripted() as (edge, producing):
        producing.open.clear()
        first = asyncio.create_task(edge.append(b"k", b"first"))
        await producing.begun.wait()
        later = [asyncio.create_task(edge.append(b"k", b"%d" % n)) for n in range(50)]
        await asyncio.sleep(0)
        producing.open.set()
        await asyncio.gather(first, *later)

    assert producing.batches == [(0, [b"first"]), (0, [b"%d" % n for n in range(50)])]
    assert producing.most == 1


async def test_requests_of_the_same_millisecond_share_a_batch() -> None:
    async with scripted(linger=0.05) as (edge, producing):
        await asyncio.gather(*(edge.append(b"k", b"%d" % n) for n in range(100)))

    assert [len(values) for _, values in producing.batches] == [100]


async def test_a_full_queue_refuses_at_once_and_takes_again_when_there_is_room() -> None:
    async with scripted(queue_bytes=1000) as (edge, producing):
        producing.open.clear()
        waiting = asyncio.create_task(edge.append(b"k", b"x" * 600))
        await producing.begun.wait()
        with pytest.raises(TransientError, match="queue_full"):
            await edge.append(b"k", b"x" * 600)
        producing.open.set()
        await waiting
        await edge.append(b"k", b"x" * 600)

        assert edge.waiting_bytes == 0


async def test_a_failed_batch_fails_its_requests_and_no_others() -> None:
    async with scripted() as (edge, producing):
        producing.failures.append(TransientError("kafka_unavailable"))
        with pytest.raises(TransientError, match="kafka_unavailable"):
            await edge.append(b"k", b"a")
        await edge.append(b"k", b"b")

    assert producing.batches == [(0, [b"a"]), (0, [b"b"])]


async def test_a_request_that_got_its_503_is_not_sent_afterwards() -> None:
    async with scripted(deadline=0.05) as (edge, producing):
        producing.open.clear()
        answers = await asyncio.gather(
            edge.append(b"k", b"under way"), edge.append(b"k", b"with it"), return_exceptions=True
        )
        with pytest.raises(TransientError, match="kafka_unavailable"):
            await edge.append(b"k", b"waits")
        producing.open.set()
        await edge.append(b"k", b"after")

        assert [getattr(answer, "reason", answer) for answer in answers] == [
            "kafka_unavailable"
        ] * 2
        assert edge.waiting_bytes == 0

    assert producing.batches == [(0, [b"under way", b"with it"]), (0, [b"after"])]


async def test_closing_lets_out_what_waits(setting: Any) -> None:
    async with edge_of(setting) as edge:
        waiting = asyncio.create_task(edge.append(b"k", b"v"))
        await asyncio.sleep(0)
    await waiting

    async with setting.log.reader() as reader:
        bounds = await reader.bounds([setting.place(partition) for partition in range(3)])
    assert sorted(bounds.values()) == [Bounds(0, 0), Bounds(0, 0), Bounds(0, 1)]
