"""The composition root of scoring: what each process is made of."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Final

from common import kafka, postgres, recovery, telemetry
from common.configuration.feed import ConfigurationFeed
from common.consuming import Consumer, Loop, Surroundings
from common.settings import RecoverySettings
from scoring.consumer import ANCHOR, INPUTS, LOOP, check_lead_model, handlers
from scoring.settings import MigrateSettings, Settings
from scoring.store import SCHEMA, lead_book


async def consume(settings: Settings) -> None:
    """Fold activities and deliveries into lead scores until cancelled."""
    async with (
        postgres.Database.connect(
            settings.database_url,
            schema=SCHEMA,
            application_name=LOOP,
            connections=settings.database_connections,
        ) as database,
        kafka.connect(settings, client=LOOP) as log,
        log.reader(patient=True) as reader,
    ):
        feed = ConfigurationFeed(reader, validators=[check_lead_model])
        around = Surroundings(log, postgres.PostgresLedger(database, LOOP), feed)
        consumer = Consumer(Loop(LOOP, ANCHOR, INPUTS, handlers, lead_book()), around)

        async def ready() -> Mapping[str, bool | str]:
            return {"configuration": feed.ready, **await consumer.ready()}

        app = telemetry.health_app(ready, alive=consumer.alive)
        async with (
            telemetry.serve(app, settings.host, settings.port),
            asyncio.TaskGroup() as group,
        ):
            group.create_task(feed.run())
            group.create_task(consumer.run())


async def recover(task: recovery.Task, settings: RecoverySettings) -> None:
    """Fold again what was folded: to compare it, or to bring a restored database forward."""
    await recovery.run_task(task, settings, lambda _: SUBJECT)


SUBJECT: Final = recovery.Subject(
    service=SCHEMA,
    name=LOOP,
    loop_of=lambda _: Loop(LOOP, ANCHOR, INPUTS, handlers, lead_book()),
    tables={"profiles": "*"},
)


async def migrate(settings: MigrateSettings) -> None:
    """Bring scoring's schema up to this version."""
    await postgres.migrate("scoring.migrations", settings.database_url)
