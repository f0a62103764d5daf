"""A world for the runtime: the fakes in memory, or a real Kafka and PostgreSQL, asked the same questions."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest

from common.kafka import KafkaLog, ensure_topics
from common.postgres import Database, PostgresLedger, profile_tables, runtime_tables
from common.postgres.book import ProfileBook
from common.settings import KafkaSettings
from libs.common.tests.consuming.making import LOOP, Tally
from libs.common.tests.consuming.world import World, make_fake_world

PARTITIONS = 2


@pytest.fixture
def fake_world() -> World:
    return make_fake_world(PARTITIONS)


@pytest.fixture(params=["fake", pytest.param("real", marks=pytest.mark.integration)])
async def world(request: pytest.FixtureRequest) -> AsyncIterator[World]:
    if request.param == "fake":
        yield request.getfixturevalue("fake_world")
        return
    prefix = f"{request.node.name[:40].translate({91: 45, 93: 45})}."
    settings = KafkaSettings(
        KAFKA_BOOTSTRAP_SERVERS=request.getfixturevalue("kafka_bootstrap"),
        topic_prefix=prefix,
        partitions=PARTITIONS,
    )
    partitions, _ = await ensure_topics(settings)
    async with AsyncExitStack() as stack:
        database = await stack.enter_async_context(
            Database.connect(
                request.getfixturevalue("database").of("scoring"),
                schema="scoring",
                application_name="test",
            )
        )
        async with database.transaction() as tx:
            for statement in [*runtime_tables(), *profile_tables()]:
                await tx.execute(statement)
            await tx.execute(
                "INSERT INTO incarnation (id, live_since) VALUES (gen_random_uuid(), now())"
            )
        yield World(
            log=KafkaLog(settings, "test", partitions),
            ledger=lambda: PostgresLedger(database, LOOP),
            book=ProfileBook(Tally),
        )
