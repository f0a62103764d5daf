"""Collects records of many requests for a millisecond and appends them together: one batch per partition at a time."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from common.consuming.ports import Outgoing
from common.errors import CuestreamError, PermanentError, TransientError
from common.kafka.batches import batches, size_of
from common.kafka.clients import MAX_BATCH_BYTES
from common.kafka.partitioner import partition_for
from common.kafka.producing import Producing

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
        self._deadline = deadline
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
        lots = list(self._lots(records))
        self._queue.fill(sum(lot.size for _, lot in lots))
        for partition, lot in lots:
            self._lanes[partition].add(lot)
        try:
            async with asyncio.timeout(self._deadline):
                for _, lot in lots:
                    await lot.settled.wait()
        except TimeoutError as error:
            raise TransientError("kafka_unavailable", "not acknowledged in time") from error
        finally:
            for _, lot in lots:
                lot.abandoned = True
        failure = next((lot.failure for _, lot in lots if lot.failure is not None), None)
        if failure is not None:
            raise failure

    def _lots(self, records: Sequence[Outgoing]) -> Iterator[tuple[int, _Lot]]:
        by_partition: defaultdict[int, list[Outgoing]] = defaultdict(list)
        for record in records:
            by_partition[partition_for(record.key or b"", self.partitions)].append(record)
        for partition, mine in by_partition.items():
            for batch in batches(mine):
                yield partition, _Lot(batch, sum(map(size_of, batch)))

    async def close(self) -> None:
        """Give what waits a moment to leave, then end."""
        for lane in self._lanes:
            await lane.close()
        await self._producing.close()


@dataclass(slots=True, eq=False)
class _Lot:
    """Records of one request for one partition; they leave together."""

    records: Sequence[Outgoing]
    size: int
    settled: asyncio.Event = field(default_factory=asyncio.Event)
    failure: CuestreamError | None = None
    abandoned: bool = False
    """Its request has its answer already: what has not left yet need not leave."""


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
            if lot.abandoned:
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
                lot.failure = failure
                lot.settled.set()

    async def close(self) -> None:
        if self._task is not None:
            await asyncio.wait({self._task}, timeout=DEADLINE_SECONDS)
        if self._task is not None:
            self._task.cancel()
