"""Holds this process's place in a consumer group that elects the owners of partitions and reads nothing."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import structlog
from aiokafka import TopicPartition
from aiokafka.abc import ConsumerRebalanceListener
from typing_extensions import override

from common.clock import monotonic
from common.kafka.clients import DRIVER_ERRORS, close_consumer, leaving_its_group
from common.streaming.ports import Place

log = structlog.get_logger(__name__)

_POLL_MILLISECONDS = 1_000
"""How long a poll waits, which reads nothing: only so often health is asked. An election ends it at once."""
_POLL_PATIENCE_SECONDS = 5.0
_JOIN_SECONDS = 60.0
_COMMIT_SECONDS = 5.0
_FIRST_PAUSE, _LONGEST_PAUSE = 0.2, 5.0

_MANY, _OFTEN_SECONDS = 20, 60.0

OnAssigned = Callable[[frozenset[int]], Awaitable[None]]


class KafkaElector:
    """An `Elector` on one anchor topic."""

    def __init__(self, prefix: str, anchor: str, new_consumer: Callable[[], Any]) -> None:
        self._prefix = prefix
        self._topic = prefix + anchor
        self._new_consumer = new_consumer
        self._consumer: Any = None
        self._elections: deque[float] = deque(maxlen=_MANY)

    async def run(self, on_assigned: OnAssigned, healthy: Callable[[], bool]) -> None:
        """Poll until cancelled; call back with the whole assignment after every rebalance, changed or not.

        Returns as soon as `healthy` says no. Outages are waited out. Whoever leaves, so or so, gives its place up: others
        take over at once. Only a process that dies without a word has its slot kept for as long as a session lasts.
        """
        pause = _FIRST_PAUSE
        while healthy():
            election = _Election()
            try:
                await self._hold(election, on_assigned, healthy)
            except DRIVER_ERRORS as error:
                log.warning("election_interrupted", topic=self._topic, error=type(error).__name__)
                pause = _FIRST_PAUSE if election.held else min(pause * 2, _LONGEST_PAUSE)
                await asyncio.sleep(pause)

    async def _hold(
        self, election: _Election, on_assigned: OnAssigned, healthy: Callable[[], bool]
    ) -> None:
        consumer = self._new_consumer()
        election.consumer = consumer
        consumer.subscribe([self._topic], listener=election)
        leaves = True
        try:
            async with asyncio.timeout(_JOIN_SECONDS):
                await consumer.start()
            self._consumer = consumer
            while healthy():
                await self._poll(consumer, election)
                # Not in the listener: it holds up the whole group's rebalance, and its errors are only logged.
                if election.over.is_set():
                    election.over.clear()
                    self._count()
                    await on_assigned(election.partitions)
        except DRIVER_ERRORS:
            leaves = False  # it comes back in a moment
            raise
        finally:
            self._consumer = None
            await close_consumer(leaving_its_group(consumer) if leaves else consumer)

    def _count(self) -> None:
        """Two processes with one instance id evict each other without end, and the driver says nothing of it."""
        now = monotonic()
        self._elections.append(now)
        if len(self._elections) == _MANY and now - self._elections[0] < _OFTEN_SECONDS:
            log.warning("elected_often", topic=self._topic, detail="is CUESTREAM_INSTANCE unique?")

    async def _poll(self, consumer: Any, election: _Election) -> None:
        task = asyncio.ensure_future(consumer.getmany(timeout_ms=_POLL_MILLISECONDS))
        over = asyncio.ensure_future(election.over.wait())
        try:
            # During a rebalance a poll waits without a limit; health is asked all the same.
            await asyncio.wait(
                {task, over}, timeout=_POLL_PATIENCE_SECONDS, return_when=asyncio.FIRST_COMPLETED
            )
            if task.done():
                task.result()
        finally:
            task.cancel()
            over.cancel()

    async def commit(self, offsets: Mapping[Place, int]) -> None:
        """For lag tools only; what cannot be committed is left to the next time."""
        consumer = self._consumer
        if consumer is None:
            return
        owned = consumer.assignment()
        mine = {
            partition: offset
            for place, offset in offsets.items()
            if (partition := TopicPartition(self._prefix + place.topic, place.partition)) in owned
        }
        if not mine:
            return
        try:
            async with asyncio.timeout(_COMMIT_SECONDS):
                await consumer.commit(mine)
        except DRIVER_ERRORS as error:
            log.debug("commit_failed", topic=self._topic, error=type(error).__name__)


class _Election(ConsumerRebalanceListener):  # type: ignore[misc]  # the driver is untyped
    """Notes what the group gave us. Nothing is done on revocation: the epoch fences."""

    def __init__(self) -> None:
        self.consumer: Any = None
        self.partitions: frozenset[int] = frozenset()
        self.over = asyncio.Event()
        """Somebody was elected, and nobody was told yet."""
        self.held = False

    @override
    async def on_partitions_revoked(self, revoked: object) -> None:
        return

    @override
    async def on_partitions_assigned(self, assigned: set[TopicPartition]) -> None:
        self.consumer.pause(*assigned)
        self.partitions = frozenset(partition.partition for partition in assigned)
        self.held = True
        self.over.set()
