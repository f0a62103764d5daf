"""Creates the topics of an installation, and refuses to start on topics of another shape."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

from aiokafka.admin import NewTopic
from aiokafka.errors import TopicAlreadyExistsError, for_code

from common.clock import monotonic
from common.contracts import Topic, Topics, load_topics
from common.errors import PermanentError, TransientError
from common.kafka.clients import DRIVER_ERRORS, new_admin, unavailable
from common.settings import KafkaSettings

DEFAULT_PARTITIONS = 6
PATIENCE_SECONDS = 60.0
_RETRY_SECONDS = 0.5
_LOOK_AGAIN_SECONDS = 0.1
_KEYED = "profile.activity"
"""Its number of partitions is the installation's."""


async def ensure_topics(
    settings: KafkaSettings, *, patience: float = PATIENCE_SECONDS
) -> tuple[int, list[str]]:
    """Create what is missing; return the installation's number of partitions and the names that were created.

    Waits for Kafka so many seconds.

    Raises:
        PermanentError: `partition_count`, a topic exists with another number; `topic_refused`, the broker says why.
        TransientError: `kafka_unavailable`.
    """
    created: list[str] = []
    give_up_at = monotonic() + patience
    async with _admin(settings, patience) as admin:
        while True:
            existing = await _existing(settings, admin)
            topics = load_topics(settings.partitions or existing.get(_KEYED) or DEFAULT_PARTITIONS)
            _compare(topics, existing)
            missing = [topic for topic in topics if topic.name not in existing]
            if not missing:
                return topics.partitions, created
            if monotonic() > give_up_at:
                raise TransientError("topics_missing", "what was created does not appear")
            # Then look again: what another one-shot created a moment ago has its number of partitions.
            created += await _create(settings, admin, missing)
            await asyncio.sleep(_LOOK_AGAIN_SECONDS)


async def check_partitions(settings: KafkaSettings, *, patience: float = PATIENCE_SECONDS) -> int:
    """The installation's number of partitions, which the topics keep; waits until they exist.

    Raises:
        PermanentError: `partition_count`, the topics differ from each other or from the settings.
        TransientError: `kafka_unavailable`, or `topics_missing`: run `python -m common.kafka topics`.
    """
    give_up_at = monotonic() + patience
    async with _admin(settings, patience) as admin:
        while True:
            existing = await _existing(settings, admin)
            partitions = settings.partitions or existing.get(_KEYED)
            if partitions is not None:
                topics = load_topics(partitions)
                _compare(topics, existing)
                missing = [topic.name for topic in topics if topic.name not in existing]
                if not missing:
                    return partitions
            if monotonic() > give_up_at:
                raise TransientError("topics_missing", "run `python -m common.kafka topics`")
            await asyncio.sleep(_RETRY_SECONDS)


@asynccontextmanager
async def _admin(settings: KafkaSettings, patience: float) -> AsyncIterator[Any]:
    give_up_at = monotonic() + patience
    while True:
        admin = new_admin(settings, "topics")
        try:
            await admin.start()
            break
        except DRIVER_ERRORS as error:
            await admin.close()
            if monotonic() > give_up_at:
                unavailable(error)
        await asyncio.sleep(_RETRY_SECONDS)
    try:
        yield admin
    except DRIVER_ERRORS as error:
        unavailable(error)
    finally:
        await admin.close()


async def _existing(settings: KafkaSettings, admin: Any) -> dict[str, int]:
    """Our topics (without the prefix) and their numbers of partitions."""
    prefix = settings.topic_prefix
    return {
        topic["topic"].removeprefix(prefix): len(topic["partitions"])
        for topic in await admin.describe_topics()
        if topic["topic"].startswith(prefix)
    }


def _compare(topics: Topics, existing: Mapping[str, int]) -> None:
    for topic in topics:
        have = existing.get(topic.name, topic.partitions)
        if have != topic.partitions:
            raise PermanentError(
                "partition_count",
                f"topic {topic.name} has {have} partitions where {topic.partitions} are wanted: "
                "the number is chosen once (CUESTREAM_PARTITIONS); another one needs new topics",
            )


async def _copies(settings: KafkaSettings, admin: Any) -> int:
    if settings.replication_factor is not None:
        return settings.replication_factor
    cluster = await admin.describe_cluster()
    return min(3, len(cluster["brokers"]))


async def _create(settings: KafkaSettings, admin: Any, missing: list[Topic]) -> list[str]:
    copies = await _copies(settings, admin)
    # The keyed topic first and alone: of one-shots that run at once, one decides on the number of partitions.
    first = [topic for topic in missing if topic.name == _KEYED] or missing
    response = await admin.create_topics(
        [
            NewTopic(
                name=settings.topic_prefix + topic.name,
                num_partitions=topic.partitions,
                replication_factor=copies,
                topic_configs=topic_configuration(topic, copies),
            )
            for topic in first
        ]
    )
    created = []
    for name, code, *detail in response.topic_errors:
        error = for_code(code)
        if not code:
            created.append(name.removeprefix(settings.topic_prefix))
        elif error is not TopicAlreadyExistsError:
            reason = detail[0] if detail else error.__name__
            raise PermanentError("topic_refused", f"{name}: {reason}")
    return created


def topic_configuration(topic: Topic, copies: int) -> dict[str, str]:
    """How the broker shall keep a topic."""
    configuration = {
        "message.timestamp.type": "LogAppendTime",  # one clock for all: the brokers'
        "compression.type": "producer",
        "min.insync.replicas": "2" if copies >= 3 else "1",
        "unclean.leader.election.enable": "false",
        "cleanup.policy": "compact" if topic.compacted else "delete",
    }
    durations = {
        "retention.ms": topic.retention,
        "segment.ms": topic.segment,
        "min.compaction.lag.ms": topic.min_compaction_lag,
        "max.compaction.lag.ms": topic.max_compaction_lag,
    }
    return configuration | {
        name: str(value // timedelta(milliseconds=1))
        for name, value in durations.items()
        if value is not None
    }
