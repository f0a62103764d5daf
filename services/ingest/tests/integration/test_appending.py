"""What the edge relies on when it answers 2xx, asked of the log in memory and of the group commit on a real Kafka."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass

import pytest

from common.errors import TransientError
from common.kafka import KafkaLog, connect
from common.settings import KafkaSettings
from common.streaming.ports import Outgoing, Place
from common.testing.installation import installed
from ingest.ports import Appender
from services.ingest.tests.edge import MemoryLog

TOPIC = "ingest.events"


@dataclass
class Topic:
    appender: Appender
    unreachable: Appender
    stored: Callable[[], Awaitable[list[bytes]]]


@pytest.fixture(params=["memory", pytest.param("kafka", marks=pytest.mark.integration)])
async def topic(request: pytest.FixtureRequest) -> AsyncIterator[Topic]:
    if request.param == "memory":
        log = MemoryLog()

        async def kept() -> list[bytes]:
            return [record.value or b"" for record in log.records]

        yield Topic(log, MemoryLog(failure=TransientError("kafka_unavailable")), kept)
        return
    bootstrap = request.getfixturevalue("kafka_bootstrap")
    nowhere = KafkaLog(KafkaSettings(KAFKA_BOOTSTRAP_SERVERS="127.0.0.1:1"), "test", 2)
    async with (
        installed(bootstrap) as site,
        connect(site.settings, client="test") as real,
        real.group_commit(TOPIC) as appender,
        nowhere.group_commit(TOPIC, deadline=0.5) as unreachable,
    ):
        places = [Place(TOPIC, partition) for partition in range(real.partitions)]

        async def read() -> list[bytes]:
            async with real.reader() as reader:
                bounds = await reader.bounds(places)
                await reader.assign({place: bound.begin for place, bound in bounds.items()})
                missing = sum(bound.end - bound.begin for bound in bounds.values())
                found: list[bytes] = []
                while len(found) < missing:
                    found += [item.value or b"" for item in await reader.poll(100, 0.5)]
                return found

        yield Topic(appender, unreachable, read)


def records(*values: str) -> list[Outgoing]:
    return [Outgoing(value.encode(), value.encode(), {"a": b"b"}) for value in values]


async def test_what_was_appended_is_there_on_return(topic: Topic) -> None:
    await topic.appender.append_many(records("a", "b", "c"))
    await topic.appender.append_many(records("d"))

    assert sorted(await topic.stored()) == [b"a", b"b", b"c", b"d"]


async def test_nothing_is_good(topic: Topic) -> None:
    await topic.appender.append_many([])

    assert await topic.stored() == []


async def test_one_key_keeps_its_order(topic: Topic) -> None:
    values = [str(n).encode() for n in range(50)]
    await topic.appender.append_many([Outgoing(b"k", value) for value in values])

    assert await topic.stored() == values


async def test_a_log_that_is_away_is_no_success(topic: Topic) -> None:
    with pytest.raises(TransientError, match="kafka_unavailable"):
        await topic.unreachable.append_many(records("a"))
