"""The process that resolves accepted events to people."""

from __future__ import annotations

import asyncio
from typing import Final

from common import hosting, recovery
from common.clock import utc_now
from common.configuration.feed import ConfigurationFeed
from common.consuming import Consumer
from common.contracts.topics import load_topics
from common.errors import TransientError
from common.kafka import KafkaLog
from common.postgres import Database
from common.settings import RecoverySettings
from common.streaming.ports import Place
from ingest.api.keys import check_workspace
from ingest.api.lookups import Lookups
from ingest.api.metrics import count_violation
from ingest.api.reference import description
from ingest.api.sources import Sources
from ingest.consumer import NAME, ReleasedRules, loop
from ingest.domain.sources import kinds_of
from ingest.jobs import TOPICS, Reports, Watch
from ingest.settings import ResolveSettings
from ingest.store import PostgresDirectory, PostgresReceptions, ResolveBook, keep_days

SCHEMA = "ingest"
_DAYS_EVERY, _DAYS_AGAIN = 3600.0, 10.0


async def resolve(settings: ResolveSettings) -> None:
    """Fold accepted events, withdrawals and read-back snapshots into people until cancelled."""
    async with hosting.ground(
        settings, schema=SCHEMA, name=NAME, validators=[check_workspace]
    ) as ground:
        receptions = PostgresReceptions(ground.database)
        sources = Sources(
            receptions, lambda: ground.feed.current, utc_now, settings.admin_key_sha256
        )
        lookups = Lookups(
            PostgresDirectory(ground.database),
            lambda: ground.feed.current,
            lambda workspace: ReleasedRules(ground.feed.current).of(workspace),
            lambda profile: ground.log.partition_for("profile.activity", str(profile).encode()),
            receptions,
            settings.admin_key_sha256,
        )
        consumer = Consumer(loop(ResolveBook(), count_violation), ground.around)
        async with (
            ground.log.reader(patient=True) as reader,
            ground.log.reader(patient=True) as told,
            ground.log.publisher() as publisher,
        ):
            watch = Watch(reader, receptions, _watched(ground.log), utc_now)
            reports = Reports(
                receptions, told, publisher, lambda: kinds_of(ground.feed.current), utc_now
            )
            await ground.attend(
                consumer,
                _days(ground.database),
                watch.run(),
                _once_configured(ground.feed, reports),
                routes={**lookups.routes(), **sources.routes(), **description()},
            )


async def _once_configured(feed: ConfigurationFeed, reports: Reports) -> None:
    await feed.wait_ready()  # before, every source would be one that no release knows
    await reports.run()


def _watched(log: KafkaLog) -> list[Place]:
    topics = load_topics(log.partitions)
    return [Place(topic, n) for topic in TOPICS for n in range(topics[topic].partitions)]


SUBJECT: Final = recovery.Subject(
    service=SCHEMA,
    name=NAME,
    loop_of=lambda _: loop(ResolveBook()),
    tables=dict.fromkeys(
        ("identities", "profiles", "accounts", "consents", "seen_messages", "products"), "*"
    ),
    draws="resolve_draws",
)


async def recover(task: recovery.Task, settings: RecoverySettings) -> None:
    """Fold again what was folded: to compare it, or to bring a restored database forward."""
    await recovery.run_task(task, settings, lambda _: SUBJECT)


async def _days(database: Database) -> None:
    """Make room for the coming days, and forget the events of days gone by."""
    while True:
        try:
            await keep_days(database, utc_now().date())
        except TransientError:
            await asyncio.sleep(_DAYS_AGAIN)
        else:
            await asyncio.sleep(_DAYS_EVERY)
