"""The same suites on the Kafka in memory and on a real one."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from aiokafka import TopicPartition
from aiokafka.admin import NewTopic, RecordsToDelete

from common.ids import derive, fresh
from common.kafka import KafkaLog
from common.kafka.clients import new_admin
from common.settings import KafkaSettings
from common.streaming.ports import Log, Place
from common.testing.log import FakeLog

PARTITIONS = 3


@dataclass(frozen=True)
class Setting:
    """A log with one fresh topic of three partitions."""

    log: Log
    topic: str
    trim: Callable[[int, int], Awaitable[None]]
    """Partition and offset: forget what is older."""

    def place(self, partition: int = 0) -> Place:
        return Place(self.topic, partition)


async def _fake(topic: str) -> Setting:
    log = FakeLog(PARTITIONS)

    async def trim(partition: int, before: int) -> None:
        log.trim(Place(topic, partition), before)

    return Setting(log, topic, trim)


def settings_of(bootstrap: str, **more: Any) -> KafkaSettings:
    return KafkaSettings(KAFKA_BOOTSTRAP_SERVERS=bootstrap, **more)


@asynccontextmanager
async def administered(settings: KafkaSettings) -> AsyncIterator[Any]:
    admin = new_admin(settings, "test")
    await admin.start()
    try:
        yield admin
    finally:
        await admin.close()


async def create_topic(settings: KafkaSettings, topic: str) -> None:
    async with administered(settings) as admin:
        response = await admin.create_topics([NewTopic(topic, PARTITIONS, 1)])
        assert [code for _, code, *_ in response.topic_errors] == [0]


async def _real(bootstrap: str, topic: str) -> Setting:
    settings = settings_of(bootstrap)
    await create_topic(settings, topic)

    async def trim(partition: int, before: int) -> None:
        async with administered(settings) as admin:
            partitions = {TopicPartition(topic, partition): RecordsToDelete(before)}
            await admin.delete_records(partitions)

    return Setting(KafkaLog(settings, "test", PARTITIONS), topic, trim)


@pytest.fixture
def topic(request: pytest.FixtureRequest) -> str:
    return f"test.{derive(request.node.nodeid).hex[:12]}.{fresh().hex[:8]}"


@pytest.fixture(params=["fake", pytest.param("real", marks=pytest.mark.integration)])
async def setting(request: pytest.FixtureRequest, topic: str) -> Setting:
    if request.param == "fake":
        return await _fake(topic)
    return await _real(request.getfixturevalue("kafka_bootstrap"), topic)


@pytest.fixture
async def real(kafka_bootstrap: str, topic: str) -> Setting:
    return await _real(kafka_bootstrap, topic)
