"""Kafka: the runtime's ports on the driver, the edge's group commit, the topics."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from common.kafka.clients import MAX_BATCH_BYTES
from common.kafka.group_commit import GroupCommit
from common.kafka.log import KafkaLog
from common.kafka.partitioner import partition_for
from common.kafka.scanning import Scanned, scan
from common.kafka.topics import check_partitions, ensure_topics
from common.settings import KafkaSettings

__all__ = [
    "MAX_BATCH_BYTES",
    "GroupCommit",
    "KafkaLog",
    "Scanned",
    "check_partitions",
    "connect",
    "ensure_topics",
    "partition_for",
    "scan",
]


@asynccontextmanager
async def connect(settings: KafkaSettings, *, client: str) -> AsyncIterator[KafkaLog]:
    """Kafka for one process (`client` names it in the brokers' logs); waits up to 60 s for the broker and the topics.

    Raises:
        PermanentError: `partition_count`, the topics differ from each other or from the settings.
        TransientError: `kafka_unavailable` or `topics_missing`.
    """
    yield KafkaLog(settings, client, await check_partitions(settings))
