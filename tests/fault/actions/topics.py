"""Who leads a topic's partitions, and topics that are trimmed or made again under everybody's feet."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from aiokafka.admin import AIOKafkaAdminClient, NewTopic, RecordsToDelete
from aiokafka.structs import TopicPartition

from common.contracts import load_topics
from common.kafka.topics import topic_configuration
from tests.fault.actions.stack import Stack

T = TypeVar("T")


def leaders(stack: Stack, topic: str) -> dict[int, int]:
    """Of each partition the id of the node that leads it; counted from 1 as the names are."""

    async def ask(admin: AIOKafkaAdminClient) -> dict[int, int]:
        [described] = await admin.describe_topics([topic])
        return {each["partition"]: each["leader"] for each in described["partitions"]}

    return _with_admin(stack, ask)


def trim_topic(stack: Stack, topic: str, partition: int) -> int:
    """Delete all that a partition holds, as an operator's mistake would; returns where its log now begins.

    An owner that has not read it all must stop that partition with an alarm, and never jump.
    """

    async def trim(admin: AIOKafkaAdminClient) -> int:
        place = TopicPartition(topic, partition)
        begins = await admin.delete_records({place: RecordsToDelete(-1)})
        return int(begins[place])

    return _with_admin(stack, trim)


def recreate_topic(stack: Stack, topic: str) -> None:
    """Delete it with all it holds and make it again, empty.

    Offsets begin again: whoever read on at the old ones must stop with an alarm.
    """

    async def delete(admin: AIOKafkaAdminClient) -> int:
        [described] = await admin.describe_topics([topic])
        await admin.delete_topics([topic])
        return len(described["partitions"])

    partitions = _with_admin(stack, delete)
    [shape] = [each for each in load_topics(partitions) if each.name == topic]
    copies = stack.kafka_nodes
    new = NewTopic(topic, partitions, copies, topic_configs=topic_configuration(shape, copies))

    async def create(admin: AIOKafkaAdminClient) -> bool:
        [(_, refused, *_)] = (await admin.create_topics([new])).topic_errors
        return not refused

    # Refused as long as the old one is not gone.
    stack.until(f"{topic} is made again", lambda: _with_admin(stack, create))


def _with_admin(stack: Stack, work: Callable[[AIOKafkaAdminClient], Awaitable[T]]) -> T:
    async def connected() -> T:
        admin: Any = AIOKafkaAdminClient(bootstrap_servers=stack.endpoints["kafka"])
        async with asyncio.timeout(30):
            await admin.start()
            try:
                return await work(admin)
            finally:
                await admin.close()

    return asyncio.run(connected())
