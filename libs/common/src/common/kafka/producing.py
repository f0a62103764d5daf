"""An idempotent producer that is replaced after any error, because some errors leave it unusable without saying so."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

from aiokafka.errors import MessageSizeTooLargeError, RecordListTooLargeError

from common.errors import PermanentError
from common.kafka.clients import DRIVER_ERRORS, close_producer, unavailable
from common.kafka.keeping import Kept
from common.streaming.ports import Outgoing

_SENDING_ERRORS: tuple[type[Exception], ...] = (*DRIVER_ERRORS, AssertionError)
"""The driver asserts that its metadata know the partition, which after an outage they may not."""


class Producing:
    """Sends whole batches, each with a deadline of ours: an idempotent producer itself never gives up."""

    def __init__(self, new_producer: Callable[[], Any], deadline: float) -> None:
        self._kept = Kept(new_producer, close_producer)
        self._deadline = deadline

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
                producer = self._kept.open or await self._kept.get()
                acknowledged = await producer.send_batch(
                    _built(producer, records), topic, partition=partition
                )
                acknowledged.add_done_callback(_look_at)
                await acknowledged
        except (MessageSizeTooLargeError, RecordListTooLargeError) as error:
            self._kept.retire(producer)
            raise PermanentError("record_too_large", "the broker refuses the batch") from error
        except _SENDING_ERRORS as error:
            # Others' batches that are on their way in it still get their answer: closing flushes first.
            self._kept.retire(producer)
            unavailable(error)

    async def close(self) -> None:
        """End the producer and those it replaced; what is unacknowledged by then may or may not be appended."""
        await self._kept.close()


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
