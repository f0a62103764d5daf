"""The composition root of the orchestrator: what each process is made of."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from common import hosting, kafka, postgres, recovery, telemetry
from common.clock import utc_now
from common.consuming import Consumer, Loop
from common.recovery.history import Releases
from common.settings import RecoverySettings
from common.streaming.ports import Log
from orchestrator.adapters.catalog_feed import KafkaCatalogFeed
from orchestrator.consumer import ANCHOR, INPUTS, LOOP, check_playbooks, handlers
from orchestrator.jobs import Shelves, Waking
from orchestrator.ports.publication import PublishedRelease
from orchestrator.settings import ApiSettings, ConsumeSettings, MigrateSettings
from orchestrator.store import (
    SCHEMA,
    JourneyBook,
    PostgresAdministration,
    PostgresPublications,
    PostgresRoster,
    PostgresShelf,
    PostgresSleepers,
)

API: Final = "orchestrator.api"
HOUR: Final = timedelta(hours=1)
"""What the live page's tallies look back on."""


async def consume(settings: ConsumeSettings) -> None:
    """Run the journeys until cancelled."""
    async with (
        hosting.ground(settings, schema=SCHEMA, name=LOOP, validators=[check_playbooks]) as ground,
        ground.log.publisher() as publisher,
    ):
        loop = Loop(LOOP, ANCHOR, INPUTS, handlers, JourneyBook())
        sleepers = PostgresSleepers(ground.database)
        waking = Waking(sleepers, publisher, ground.feed, ground.log.partition_for, utc_now)
        shelves = Shelves(
            PostgresShelf(ground.database),
            KafkaCatalogFeed(ground.log),
            publisher,
            ground.log.partition_for,
            utc_now,
        )
        await ground.attend(Consumer(loop, ground.around), waking.run(), shelves.run())


async def api(settings: ApiSettings) -> None:
    """Serve publication, explanations and the live page until cancelled."""
    # The consumer answers nobody: without a web framework it starts in two thirds of the time.
    from orchestrator.adapters.announcer import KafkaAnnouncer  # noqa: PLC0415  as said
    from orchestrator.adapters.commander import KafkaCommands  # noqa: PLC0415  as said
    from orchestrator.adapters.decision_feed import KafkaDecisionFeed  # noqa: PLC0415  as said
    from orchestrator.adapters.history import KafkaHistory  # noqa: PLC0415  as said
    from orchestrator.adapters.source_feed import KafkaSourceFeed  # noqa: PLC0415  as said
    from orchestrator.api import (  # noqa: PLC0415  as said
        Access,
        Board,
        Ports,
        Publisher,
        SourceBoard,
        build,
        fill,
        with_health,
    )

    async with (
        postgres.Database.connect(
            settings.database_url,
            schema=SCHEMA,
            application_name=API,
            connections=settings.database_connections,
        ) as database,
        kafka.connect(settings, client=API) as log,
        log.publisher() as appender,
    ):
        announcer = KafkaAnnouncer(appender, utc_now)
        publications = PostgresPublications(database)
        publisher = Publisher(publications, announcer, utc_now)
        board, sources = Board(), SourceBoard()
        access = Access(
            admin_key_sha256=settings.admin_key_sha256,
            secrets=[secret.get_secret_value().encode() for secret in settings.token_secrets],
            local=settings.local,
            secure=settings.public_url.startswith("https:"),
            clock=utc_now,
            administration=PostgresAdministration(database),
        )
        ports = Ports(
            publisher,
            KafkaHistory(log),
            board,
            sources,
            publications,
            PostgresRoster(database),
            KafkaCommands(appender, log.partition_for, utc_now),
        )

        async def ready() -> Mapping[str, bool | str]:
            return {"database": await database.fetchrow("SELECT 1") is not None}

        app = build(ports, access, utc_now)
        health = telemetry.health_app(ready)
        decisions = KafkaDecisionFeed(log).follow(since=utc_now() - HOUR, at_least=board.keep)
        async with telemetry.serve(
            with_health(app, health),
            settings.host,
            settings.port,
            drain=settings.drain_seconds,
            trusted_proxies=settings.trusted_proxies,
        ):
            try:
                async with asyncio.TaskGroup() as group:
                    group.create_task(publisher.keep_announced())
                    group.create_task(fill(board, decisions))
                    group.create_task(fill(sources, KafkaSourceFeed(log).follow()))
            finally:
                # Or the pages' streams would hold up the server's end.
                board.close()
                sources.close()


async def _bring_publications_forward(
    database: postgres.Database,
    log: Log,
    since: datetime | None,  # noqa: ARG001 - the topic is small, and read whole
) -> Mapping[str, int]:
    """A release that was published after the backup is on the topic; the next one must not take its number."""
    async with log.reader() as reader:
        releases = await Releases.read(reader)
    published = [
        PublishedRelease(
            name,
            number,
            r.contents,
            r.live,
            r.published_at,
            r.published_by,
            r.transitions,
            r.paused,
            r.resumed,
        )
        for (name, number), r in sorted(releases.released.items())
    ]
    return await PostgresPublications(database).restore(releases.contents, published)


SUBJECT: Final = recovery.Subject(
    service=SCHEMA,
    name=LOOP,
    loop_of=lambda _: Loop(LOOP, ANCHOR, INPUTS, handlers, JourneyBook()),
    tables={"profiles": "*", "enrollments": "*", "interests": "*"},
    reconcile=_bring_publications_forward,
)


async def recover(task: recovery.Task, settings: RecoverySettings) -> None:
    """Fold again what was folded: to compare it, or to bring a restored database forward."""
    await recovery.run_task(task, settings, lambda _: SUBJECT)


async def migrate(settings: MigrateSettings) -> None:
    """Bring the orchestrator's schema up to this version."""
    await postgres.migrate("orchestrator.migrations", settings.database_url)
