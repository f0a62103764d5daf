"""The composition root of the orchestrator: what each process is made of."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from common import kafka, postgres, telemetry
from common.configuration.feed import ConfigurationFeed
from common.consuming import Consumer, Loop, Surroundings
from orchestrator.consumer import ANCHOR, INPUTS, LOOP, check_playbooks, handlers
from orchestrator.settings import ConsumeSettings, MigrateSettings
from orchestrator.store import SCHEMA, JourneyBook


async def consume(settings: ConsumeSettings) -> None:
    """Run the journeys until cancelled."""
    async with (
        postgres.Database.connect(
            settings.database_url,
            schema=SCHEMA,
            application_name=LOOP,
            connections=settings.database_connections,
        ) as database,
        kafka.connect(settings, client=LOOP) as log,
        log.reader() as reader,
    ):
        feed = ConfigurationFeed(reader, validators=[check_playbooks])
        around = Surroundings(log, postgres.PostgresLedger(database, LOOP), feed)
        consumer = Consumer(Loop(LOOP, ANCHOR, INPUTS, handlers, JourneyBook()), around)

        async def ready() -> Mapping[str, bool | str]:
            return {"configuration": feed.ready, **await consumer.ready()}

        app = telemetry.health_app(ready, alive=consumer.alive)
        async with (
            telemetry.serve(app, settings.host, settings.port),
            asyncio.TaskGroup() as group,
        ):
            group.create_task(feed.run())
            group.create_task(consumer.run())


async def migrate(settings: MigrateSettings) -> None:
    """Bring the orchestrator's schema up to this version."""
    await postgres.migrate("orchestrator.migrations", settings.database_url)
