"""Appends operators' commands to the topic that the folds read."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence

from common.clock import Clock
from common.streaming.ports import Outgoing, Place, Publisher
from orchestrator.ports.commands import TOPIC, Command

SOURCE = "/cuestream/orchestrator/api"


class KafkaCommands:
    """`Commands` on Kafka: one append for each partition."""

    def __init__(
        self, publisher: Publisher, partition_for: Callable[[str, bytes], int], clock: Clock
    ) -> None:
        self._publisher = publisher
        self._partition_for = partition_for
        self._clock = clock

    async def append(self, commands: Sequence[Command]) -> None:
        """Append them."""
        now = self._clock()
        records: defaultdict[int, list[Outgoing]] = defaultdict(list)
        for command in commands:
            record = command.record(SOURCE, now)
            records[self._partition_for(TOPIC, str(command.profile_id).encode())].append(record)
        for partition, some in records.items():
            await self._publisher.publish(Place(TOPIC, partition), some)
