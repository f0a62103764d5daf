"""The composition root of scoring: what each process is made of."""

from __future__ import annotations

from typing import Final

from common import hosting, postgres, recovery
from common.consuming import Consumer, Loop, Pace
from common.settings import RecoverySettings
from scoring.consumer import ANCHOR, INPUTS, LOOP, check_lead_model, handlers
from scoring.settings import MigrateSettings, Settings
from scoring.store import SCHEMA, lead_book

PACE: Final = Pace(gather=0.5, many=400)
"""Half a second later is soon enough for a score: what its batches cost is left to those that decide."""


async def consume(settings: Settings) -> None:
    """Fold activities and deliveries into lead scores until cancelled."""
    async with hosting.ground(
        settings, schema=SCHEMA, name=LOOP, validators=[check_lead_model], pace=PACE
    ) as ground:
        loop = Loop(LOOP, ANCHOR, INPUTS, handlers, lead_book())
        await ground.attend(Consumer(loop, ground.around))


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
