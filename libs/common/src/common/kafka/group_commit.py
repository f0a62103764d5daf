"""Collects records of many requests for a millisecond and appends them together: one batch per partition at a time."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence

from common.deadlines import Deadlines
from common.errors import CuestreamError, PermanentError, TransientError
from common.kafka.batches import batches, size_of
from common.kafka.clients import MAX_BATCH_BYTES
from common.kafka.partitioner import partition_for
from common.kafka.producing import Producing
from common.streaming.ports import Outgoing

QUEUE_BYTES = 64 * 1024 * 1024
LINGER_SECONDS = 0.001
DEADLINE_SECONDS = 5.0


class GroupCommit:
    """The edge's way into one topic.

    Each partition has a lane: what waits in it leaves as one compressed batch as soon as the batch before is acknowledged.
    """

    def __init__(
        self,
        topic: str,
        partitions: int,
        producing: Producing,
        *,
        linger: float = LINGER_SECONDS,
        deadline: float = DEADLINE_SECONDS,
        queue_bytes: int = QUEUE_BYTES,
    ) -> None:
        self.partitions = partitions
        self._deadlines = Deadlines(deadline)
        self._producing = producing
        self._queue = _Queue(queue_bytes)
        self._lanes = [
            _Lane(topic, partition, self._queue, producing, linger)
            for partition in range(partitions)
        ]

    @property
    def waiting_bytes(self) -> int:
        """What is accepted and not yet acknowledged or given up."""
        return self._queue.filled

    async def append(
        self, key: bytes, value: bytes, headers: Mapping[str, bytes] | None = None
    ) -> None:
        """Append one record where its key belongs; as `append_many`."""
        await self.append_many((Outgoing(key, value, headers or {}),))

    async def append_many(self, records: Sequence[Outgoing]) -> None:
        """Append all; on return they are acknowledged by all replicas in sync. Those of one key keep their order.

        Raises:
            TransientError: `queue_full`, nothing was appended; `kafka_unavailable`, some or all may be appended.
            PermanentError: `record_too_large`, nothing was appended.
        """
        request = _Request()
        lots = self._lots(records, request)
        self._queue.fill(sum(lot.size for _, lot in lots))
        request.left = len(lots)
        for partition, lot in lots:
            self._lanes[partition].add(lot)
        if lots:
            self._deadlines.watch(request)
            await request.answer

    def _lots(self, records: Sequence[Outgoing], request: _Request) -> list[tuple[int, _Lot]]:
        if len(records) == 1:
            record = records[0]
            lot = _Lot(records, size_of(record), request)
            return [(partition_for(record.key or b"", self.partitions), lot)]
        by_partition: defaultdict[int, list[Outgoing]] = defaultdict(list)
        for record in records:
            by_partition[partition_for(record.key or b"", self.partitions)].append(record)
        return [
            (partition, _Lot(batch, size, request))
            for partition, mine in by_partition.items()
            for batch, size in batches(mine)
        ]

    async def close(self) -> None:
        """Give what waits a moment to leave, then end."""
        for lane in self._lanes:
            await lane.close()
        await self._producing.close()


class _Request:
    """Who waits for an answer, until all its lots are settled or its time is up."""

    __slots__ = ("answer", "failure", "left")

    def __init__(self) -> None:
        self.answer: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.failure: CuestreamError | None = None
        self.left = 0

    def settle(self, failure: CuestreamError | None) -> None:
        """One of its lots is acknowledged, or will not be."""
        self.left -= 1
        self.failure = self.failure or failure
        if self.left or self.answer.done():
            return
        if self.failure is None:
            self.answer.set_result(None)
        else:
            self.answer.set_exception(self.failure)

    def done(self) -> bool:
        """Whether it has its answer, or waits no longer: what has not left yet need not leave."""
        return self.answer.done()

    def expire(self) -> None:
        self.answer.set_exception(TransientError("kafka_unavailable", "not acknowledged in time"))


class _Lot:
    """Records of one request for one partition; they leave together."""

    __slots__ = ("records", "request", "size")

    def __init__(self, records: Sequence[Outgoing], size: int, request: _Request) -> None:
        self.records = records
        self.size = size
        self.request = request


class _Queue:
    """The bytes that all lanes hold together."""

    def __init__(self, limit: int) -> None:
        self.filled = 0
        self._limit = limit

    def fill(self, size: int) -> None:
        if self.filled + size > self._limit:
            raise TransientError("queue_full", "more is waiting for Kafka than memory is set aside")
        self.filled += size

    def drain(self, size: int) -> None:
        self.filled -= size


class _Lane:
    """One partition: a list of lots, and a task that lives while there are any."""

    def __init__(
        self, topic: str, partition: int, queue: _Queue, producing: Producing, linger: float
    ) -> None:
        self._topic = topic
        self._partition = partition
        self._queue = queue
        self._producing = producing
        self._linger = linger
        self._lots: list[_Lot] = []
        self._task: asyncio.Task[None] | None = None

    def add(self, lot: _Lot) -> None:
        self._lots.append(lot)
        if self._task is None:
            self._task = asyncio.create_task(self._empty())

    async def _empty(self) -> None:
        try:
            await asyncio.sleep(self._linger)
            while self._lots:
                await self._send(self._take())
        finally:
            self._task = None

    def _take(self) -> list[_Lot]:
        """The oldest lots that fit into one batch; abandoned ones are let go."""
        taken: list[_Lot] = []
        filled = index = 0
        for index, lot in enumerate(self._lots):  # noqa: B007  used after the loop
            if lot.request.done():
                self._queue.drain(lot.size)
                continue
            if filled + lot.size > MAX_BATCH_BYTES:
                break
            filled += lot.size
            taken.append(lot)
        else:
            index = len(self._lots)
        del self._lots[:index]
        return taken

    async def _send(self, lots: Sequence[_Lot]) -> None:
        failure: CuestreamError | None = TransientError("kafka_unavailable", "the edge is closing")
        try:
            records = [record for lot in lots for record in lot.records]
            if records:
                await self._producing.send(self._topic, self._partition, records)
            failure = None
        except (TransientError, PermanentError) as error:
            failure = error
        finally:
            for lot in lots:
                self._queue.drain(lot.size)
                lot.request.settle(failure)

    async def close(self) -> None:
        if self._task is not None:
            await asyncio.wait({self._task}, timeout=DEADLINE_SECONDS)
        if self._task is not None:
            self._task.cancel()
