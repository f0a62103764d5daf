"""What only a real broker can show: how topics are kept, and what an outage does."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from common.errors import PermanentError, TransientError
from common.ids import fresh
from common.kafka import KafkaLog, check_partitions, clients, connect, ensure_topics
from common.kafka.clients import new_admin
from common.settings import KafkaSettings
from common.streaming.ports import Outgoing, Place
from cuestream.stack.kafka import start_kafka

pytestmark = pytest.mark.integration


def settings_of(bootstrap: str, **more: Any) -> KafkaSettings:
    return KafkaSettings(KAFKA_BOOTSTRAP_SERVERS=bootstrap, **more)


async def configuration(settings: KafkaSettings, topic: str) -> dict[str, str]:
    admin = new_admin(settings, "test")
    await admin.start()
    try:
        resource = ConfigResource(ConfigResourceType.TOPIC, settings.topic_prefix + topic)
        (response,) = await admin.describe_configs([resource])
    finally:
        await admin.close()
    return {entry[0]: entry[1] for entry in response.resources[0][4]}


async def test_topics_are_created_as_they_are_described(kafka_bootstrap: str) -> None:
    settings = settings_of(kafka_bootstrap, topic_prefix=f"t{fresh().hex[:8]}.", partitions=2)

    partitions, created = await ensure_topics(settings)

    assert partitions == 2
    assert {"ingest.events", "ingest.events.quarantine", "configuration"} <= set(created)
    raw = await configuration(settings, "ingest.events")
    assert raw["message.timestamp.type"] == "LogAppendTime"
    assert (raw["cleanup.policy"], raw["retention.ms"], raw["segment.ms"]) == (
        "delete",
        "604800000",
        "3600000",
    )
    contacts = await configuration(settings, "profile.contacts")
    assert (contacts["cleanup.policy"], contacts["min.compaction.lag.ms"]) == (
        "compact",
        "518400000",
    )
    async with connect(settings, client="test") as log:
        assert log.partitions == 2
        assert log.partition_for("configuration", b"any") == 0


async def test_the_number_of_partitions_is_the_topics(kafka_bootstrap: str) -> None:
    prefix = f"t{fresh().hex[:8]}."
    await ensure_topics(settings_of(kafka_bootstrap, topic_prefix=prefix, partitions=2))
    unsaid = settings_of(kafka_bootstrap, topic_prefix=prefix)
    other = settings_of(kafka_bootstrap, topic_prefix=prefix, partitions=4)

    assert await ensure_topics(unsaid) == (2, [])
    assert await check_partitions(unsaid) == 2
    for refused in (ensure_topics, check_partitions):
        with pytest.raises(PermanentError, match="partition_count"):
            await refused(other)


async def test_missing_topics_and_a_missing_broker_are_said(kafka_bootstrap: str) -> None:
    nothing = settings_of(kafka_bootstrap, topic_prefix=f"t{fresh().hex[:8]}.")
    with pytest.raises(TransientError, match="topics_missing"):
        await check_partitions(nothing, patience=0.1)
    with pytest.raises(TransientError, match="kafka_unavailable"):
        await ensure_topics(settings_of("127.0.0.1:1"), patience=0.1)


async def test_the_drivers_unsafe_defaults_are_overridden(kafka_bootstrap: str) -> None:
    settings = settings_of(kafka_bootstrap, instance="7")
    producer = clients.new_producer(settings, "test")
    reading = clients.new_data_consumer(settings, "test")
    electing = clients.new_electing_consumer(settings, "test", "group")
    try:
        assert producer._sender._acks == -1
        assert producer._txn_manager is not None  # idempotent
        assert (reading._auto_offset_reset, reading._enable_auto_commit) == ("none", False)
        assert (electing._auto_offset_reset, electing._enable_auto_commit) == ("earliest", False)
        assert electing._group_instance_id == "group-7"
        assert electing._session_timeout_ms == 20_000
    finally:
        await producer.stop()
        await reading.stop()
        await electing.stop()


async def test_a_restarted_slot_has_its_partitions_back_at_once(real: Any) -> None:
    settings = real.log._settings.model_copy(update={"instance": "slot"})
    log = KafkaLog(settings, "test", 3)

    async def once_assigned() -> frozenset[int]:
        heard: asyncio.Future[frozenset[int]] = asyncio.get_running_loop().create_future()

        async def on_assigned(partitions: frozenset[int]) -> None:
            if not heard.done():
                heard.set_result(partitions)

        async with log.elector(real.topic, f"{real.topic}.static") as elector:
            task = asyncio.create_task(elector.run(on_assigned, lambda: True))
            try:
                return await heard
            finally:
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)

    async with asyncio.timeout(30):
        assert await once_assigned() == {0, 1, 2}
    async with asyncio.timeout(10):  # less than the session it would otherwise wait for
        assert await once_assigned() == {0, 1, 2}


async def test_a_slot_that_is_told_to_end_is_not_waited_for(real: Any) -> None:
    shares: dict[str, frozenset[int]] = {}
    news = asyncio.Event()

    async def hold(slot: str) -> None:
        async def on_assigned(partitions: frozenset[int]) -> None:
            shares[slot] = partitions
            news.set()

        settings = real.log._settings.model_copy(update={"instance": slot})
        log = KafkaLog(settings, "test", 3)
        async with log.elector(real.topic, f"{real.topic}.slots") as elector:
            await elector.run(on_assigned, lambda: True)

    async def until(condition: Callable[[], bool]) -> None:
        while not condition():
            news.clear()
            await news.wait()

    async with asyncio.timeout(60), asyncio.TaskGroup() as group:
        staying = group.create_task(hold("staying"))
        ending = group.create_task(hold("ending"))
        await until(
            lambda: all(len(shares.get(slot, ())) in (1, 2) for slot in ("staying", "ending"))
        )

        ending.cancel()
        async with asyncio.timeout(10):  # the session takes 20 s
            await until(lambda: shares["staying"] == {0, 1, 2})
        staying.cancel()


async def until_taken(attempt: Callable[[], Awaitable[None]]) -> None:
    """Again and again, as the runtime does; on a slow machine even a healthy broker may need it."""
    while True:
        try:
            await attempt()
        except TransientError:
            continue
        return


class MortalKafka:
    """A broker of these tests' own."""

    def __init__(self, kafka: Any) -> None:
        self.bootstrap: str = kafka.bootstrap
        self.up = True
        self._kafka = kafka

    def kill(self) -> None:
        self.up = False
        self._kafka.kill()

    def start(self) -> None:
        """Here and not in a thread: the broker dies with the thread that starts it."""
        if not self.up:
            self._kafka.start()
        self.up = True


@pytest.fixture(scope="module")
def own_kafka(tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder: Path = tmp_path_factory.mktemp("kafka")
    with start_kafka(folder) as kafka:
        yield MortalKafka(kafka)


@pytest.fixture
def mortal(own_kafka: MortalKafka) -> MortalKafka:
    own_kafka.start()
    return own_kafka


async def test_an_outage_is_transient_and_over_when_the_broker_is_back(
    mortal: MortalKafka,
) -> None:
    settings = settings_of(mortal.bootstrap, topic_prefix="outage.", partitions=1)
    await ensure_topics(settings)
    place = Place("profile.activity", 0)
    async with (
        connect(settings, client="test") as log,
        log.publisher(deadline=3.0) as publisher,
        log.reader() as reader,
        log.group_commit("profile.activity", deadline=3.0) as edge,
    ):
        await until_taken(lambda: publisher.publish(place, [Outgoing(b"k", b"before")]))
        await until_taken(lambda: edge.append(b"k", b"edge"))
        await reader.assign({place: 0})
        mortal.kill()

        with pytest.raises(TransientError, match="kafka_unavailable"):
            await publisher.publish(place, [Outgoing(b"k", b"during")])
        with pytest.raises(TransientError, match="kafka_unavailable"):
            await edge.append(b"k", b"lost")
        with pytest.raises(TransientError, match="kafka_unavailable"):
            await reader.bounds([place])

        mortal.start()
        values: list[bytes | None] = []
        async with asyncio.timeout(60):
            await until_taken(lambda: publisher.publish(place, [Outgoing(b"k", b"after")]))
            while b"after" not in values:
                values.extend(record.value for record in await reader.poll(100, 0.2))

    # What failed may be there all the same; what was taken is there, in order.
    taken = dict.fromkeys(value for value in values if value not in (b"during", b"lost"))
    assert list(taken) == [b"before", b"edge", b"after"]


async def test_everything_closes_while_the_broker_is_away(mortal: MortalKafka) -> None:
    settings = settings_of(mortal.bootstrap, topic_prefix="closing.", partitions=1)
    await ensure_topics(settings)
    place = Place("profile.activity", 0)
    async with connect(settings, client="test") as log:
        publisher_context, reader_context = log.publisher(), log.reader()
        publisher, reader = await publisher_context.__aenter__(), await reader_context.__aenter__()
        await publisher.publish(place, [Outgoing(b"k", b"v")])
        await reader.assign({place: 0})
        mortal.kill()
        stuck = asyncio.create_task(publisher.publish(place, [Outgoing(b"k", b"w")]))

        async with asyncio.timeout(30):
            await publisher_context.__aexit__(None, None, None)
            await reader_context.__aexit__(None, None, None)
        stuck.cancel()
        await asyncio.gather(stuck, return_exceptions=True)
