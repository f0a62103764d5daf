"""Appends records in order, one batch after another per partition."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Sequence

from common.kafka.batches import batches
from common.kafka.producing import Producing
from common.streaming.ports import Outgoing, Place


class KafkaPublisher:
    """A `Publisher`: acks=all, idempotent, never more than one unacknowledged batch per partition."""

    def __init__(self, prefix: str, producing: Producing) -> None:
        self._prefix = prefix
        self._producing = producing
        self._turns: defaultdict[Place, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def publish(self, place: Place, records: Sequence[Outgoing]) -> None:
        """Append all in order; sizes are checked first, so that a record too large leaves nothing behind."""
        cut = [batch for batch, _ in batches(records)]
        async with self._turns[place]:
            for batch in cut:
                await self._producing.send(self._prefix + place.topic, place.partition, batch)

    async def close(self) -> None:
        await self._producing.close()
