"""An idempotent producer that is replaced after any error, because some errors leave it unusable without saying so."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

from aiokafka.errors import MessageSizeTooLargeError, RecordListTooLargeError

from common.consuming.ports import Outgoing
from common.errors import PermanentError
from common.kafka.clients import CLOSE_SECONDS, DRIVER_ERRORS, close_producer, unavailable


class Producing:
    """Sends whole batches, each with a deadline of ours: an idempotent producer itself never gives up."""

    def __init__(self, new_producer: Callable[[], Any], deadline: float) -> None:
        self._new_producer = new_producer
        self._deadline = deadline
        self._producer: Any = None
        self._starting = asyncio.Lock()
        self._retired: set[asyncio.Task[None]] = set()

    async def send(self, topic: str, partition: int, records: Sequence[Outgoing]) -> None:
        """Append one batch; on return it is acknowledged by all replicas in sync.

        The records must fit (`batches`). At most one call per partition at a time, or order is lost on an error.

        Raises:
            TransientError: `kafka_unavailable`; the batch may or may not be appended, once.
            PermanentError: `record_too_large`.
        """
        producer = None
        try:
            async with asyncio.timeout(self._deadline):
                producer = await self._started()
                acknowledged = await producer.send_batch(
                    _built(producer, records), topic, partition=partition
                )
                acknowledged.add_done_callback(_look_at)
                await acknowledged
        except (MessageSizeTooLargeError, RecordListTooLargeError) as error:
            self._retire(producer)
            raise PermanentError("record_too_large", "the broker refuses the batch") from error
        except DRIVER_ERRORS as error:
            self._retire(producer)
            unavailable(error)

    async def close(self) -> None:
        """End the producer and those it replaced; what is unacknowledged by then may or may not be appended."""
        self._retire(self._producer)
        if self._retired:
            await asyncio.wait(self._retired, timeout=2 * CLOSE_SECONDS)

    async def _started(self) -> Any:
        async with self._starting:
            if self._producer is None:
                producer = self._new_producer()
                try:
                    await producer.start()
                except BaseException:
                    self._close_beside(producer)
                    raise
                self._producer = producer
            return self._producer

    def _retire(self, producer: Any) -> None:
        """Let nobody else use it; batches of other partitions that are on their way still get their answer."""
        if producer is not None and producer is self._producer:
            self._producer = None
            self._close_beside(producer)

    def _close_beside(self, producer: Any) -> None:
        task = asyncio.create_task(close_producer(producer))
        self._retired.add(task)
        task.add_done_callback(self._retired.discard)


def _built(producer: Any, records: Sequence[Outgoing]) -> Any:
    batch = producer.create_batch()
    for record in records:
        taken = batch.append(
            timestamp=None,
            key=record.key,
            value=record.value,
            headers=list(record.headers.items()),
        )
        if taken is None:
            raise ValueError("the records were not cut into batches")
    batch.close()
    return batch


def _look_at(acknowledged: asyncio.Future[object]) -> None:
    """An error that comes after our deadline has no reader left; asking for it keeps the loop quiet."""
    if not acknowledged.cancelled():
        acknowledged.exception()
