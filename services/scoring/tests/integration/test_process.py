"""`scoring consume` on a real Kafka and a real PostgreSQL."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from common.clock import utc_now
from common.configuration import content_of
from common.contracts.profiles import ActivityRecorded, LeadScoreCrossed, LeadScored
from common.ids import derive
from common.testing.installation import installed, running
from scoring.settings import MigrateSettings, Settings
from scoring.wiring import consume, migrate

ANNA = derive("test", "anna")
MODEL = """\
half_life: 1h
points: {Survey Answered: 60}
grades: {A: 50, B: 0}
thresholds: {hot: 50}
"""


def answered(number: int) -> ActivityRecorded:
    return ActivityRecorded(
        event_id=derive("event", number),
        name="Survey Answered",
        source="web",
        message_id=str(number),
        occurred_at=utc_now(),
        received_at=utc_now(),
        profile_version=1,
    )


async def test_a_score_rises_by_activity_and_falls_by_silence(
    kafka_bootstrap: str, database: Any
) -> None:
    url = database.of("scoring")
    await migrate(MigrateSettings(DATABASE_URL=url))
    async with installed(kafka_bootstrap) as shop:
        await shop.configure("shop", [content_of("lead_model", "lead", {"model.yaml": MODEL})])
        settings = Settings(**shop.settings.model_dump(by_alias=True), DATABASE_URL=url, port=0)
        async with running(consume(settings)):
            await shop.append(answered(1), ANNA)
            [risen] = await shop.wait_for(LeadScored)
            await shop.pass_time(utc_now() + timedelta(hours=1))
            [_, fallen] = await shop.wait_for(LeadScored, count=2)
            crossed = await shop.wait_for(LeadScoreCrossed, count=2)

    assert (risen.previous_score, risen.score, risen.grade) == (None, 60, "A")
    assert (fallen.previous_score, fallen.score, fallen.grade) == (60, 30, "B")
    assert [one.direction for one in crossed] == ["up", "down"]
