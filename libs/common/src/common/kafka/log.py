"""Kafka as one installation sees it: opened once by the composition root, then asked for roles."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from common.contracts import load_topics
from common.kafka import clients
from common.kafka.elector import KafkaElector
from common.kafka.group_commit import DEADLINE_SECONDS, LINGER_SECONDS, QUEUE_BYTES, GroupCommit
from common.kafka.partitioner import partition_for
from common.kafka.producing import Producing
from common.kafka.publisher import KafkaPublisher
from common.kafka.reader import KafkaReader
from common.settings import KafkaSettings
from common.streaming.ports import Elector, Publisher, Reader

PUBLISH_SECONDS = 10.0


class KafkaLog:
    """Makes readers, publishers and electors; each is closed by leaving its `async with`, in 10 s at most."""

    def __init__(self, settings: KafkaSettings, client: str, partitions: int) -> None:
        """`partitions` is what `check_partitions` found; `client` names us in the brokers' logs."""
        self.partitions = partitions
        self._settings = settings
        self._client = client
        self._topics = load_topics(partitions)

    def partition_for(self, topic: str, key: bytes) -> int:
        """Where the default (murmur2) partitioner puts a key on that topic."""
        return partition_for(key, self._topics[topic].partitions)

    @asynccontextmanager
    async def reader(self, *, patient: bool = False) -> AsyncIterator[Reader]:
        """`patient` is for places that stay the same and where little comes: it asks the broker less often."""
        hold = clients.PATIENT_MILLISECONDS if patient else clients.LONG_POLL_MILLISECONDS
        reader = KafkaReader(
            self._settings.topic_prefix,
            lambda role: clients.new_data_consumer(self._settings, f"{self._client}.{role}", hold),
        )
        try:
            yield reader
        finally:
            await reader.close()

    @asynccontextmanager
    async def publisher(self, *, deadline: float = PUBLISH_SECONDS) -> AsyncIterator[Publisher]:
        """`deadline` in seconds, for each batch."""
        publisher = KafkaPublisher(self._settings.topic_prefix, self._producing(deadline))
        try:
            yield publisher
        finally:
            await publisher.close()

    @asynccontextmanager
    async def elector(self, anchor: str, group: str) -> AsyncIterator[Elector]:
        name = self._settings.topic_prefix + group
        yield KafkaElector(
            self._settings.topic_prefix,
            anchor,
            lambda: clients.new_electing_consumer(self._settings, self._client, name),
        )

    @asynccontextmanager
    async def group_commit(
        self,
        topic: str,
        *,
        linger: float = LINGER_SECONDS,
        deadline: float = DEADLINE_SECONDS,
        queue_bytes: int = QUEUE_BYTES,
    ) -> AsyncIterator[GroupCommit]:
        """The edge's way into a topic; `linger` and `deadline` in seconds."""
        edge = GroupCommit(
            self._settings.topic_prefix + topic,
            self._topics[topic].partitions,
            self._producing(deadline),
            linger=linger,
            deadline=deadline,
            queue_bytes=queue_bytes,
        )
        try:
            yield edge
        finally:
            await edge.close()

    def _producing(self, deadline: float) -> Producing:
        return Producing(
            lambda: clients.new_producer(self._settings, f"{self._client}.producer"), deadline
        )
