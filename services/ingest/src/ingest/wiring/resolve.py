"""The process that resolves accepted events to people."""

from __future__ import annotations

import asyncio
from typing import Final

from common import hosting, recovery
from common.clock import utc_now
from common.consuming import Consumer
from common.errors import TransientError
from common.postgres import Database
from common.settings import RecoverySettings
from ingest.api.keys import check_workspace
from ingest.api.lookups import Lookups
from ingest.consumer import NAME, loop
from ingest.settings import ResolveSettings
from ingest.store import PeopleBook, PostgresDirectory, keep_days

SCHEMA = "ingest"
_DAYS_EVERY, _DAYS_AGAIN = 3600.0, 10.0


async def resolve(settings: ResolveSettings) -> None:
    """Fold accepted events, withdrawals and read-back snapshots into people until cancelled."""
    async with hosting.ground(
        settings, schema=SCHEMA, name=NAME, validators=[check_workspace]
    ) as ground:
        lookups = Lookups(
            PostgresDirectory(ground.database),
            lambda: ground.feed.current,
            lambda profile: ground.log.partition_for("profile.activity", str(profile).encode()),
            settings.admin_key_sha256,
        )
        consumer = Consumer(loop(PeopleBook()), ground.around)
        await ground.attend(consumer, _days(ground.database), routes=lookups.routes())


SUBJECT: Final = recovery.Subject(
    service=SCHEMA,
    name=NAME,
    loop_of=lambda _: loop(PeopleBook()),
    tables=dict.fromkeys(("identities", "profiles", "consents", "seen_messages"), "*"),
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
