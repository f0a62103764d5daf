"""The small service whose loop is measured: counts what a profile does, and says so every third time."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from datetime import datetime
from uuid import UUID

import msgspec

from common import kafka
from common.configuration import Configuration
from common.configuration.feed import ConfigurationFeed
from common.consuming import Consequence, Consumer, Folded, Handlers, Loop, Record, Surroundings
from common.contracts.profiles import ActivityRecorded, Contribution, LeadScored
from common.postgres import Database, PostgresLedger, ProfileBook, profile_tables, runtime_tables
from common.settings import DatabaseSettings, KafkaSettings, load_settings
from common.streaming.model import Signal
from common.telemetry import configure_logging, run_process

NAME = "scoring.bench"
INPUT, OUTPUT, JOURNAL = "profile.activity", "profile.scores", "scoring.journal"
EVERY = 3
"""A third of the events derive one."""


class SmallSettings(KafkaSettings, DatabaseSettings):
    """What the process is told by its environment."""


class Visits(msgspec.Struct, frozen=True):
    """What is known of one profile."""

    seen: int
    cents: int
    last_at: datetime
    last_event: UUID
    name: str


def on_activity(state: Visits | None, signal: Signal, _: datetime) -> Folded[Visits]:
    """Count it; every third one is told."""
    if not isinstance(signal, Record):
        raise TypeError("the table gave a timer to a record's fold")
    activity = signal.event.payload(ActivityRecorded)
    cents = round(100 * activity.properties["price"]) * activity.properties["quantity"]
    seen = 1 if state is None else state.seen + 1
    after = Visits(
        seen=seen,
        cents=cents if state is None else state.cents + cents,
        last_at=activity.occurred_at,
        last_event=activity.event_id,
        name=activity.name,
    )
    if seen % EVERY:
        return Folded(after)
    return Folded(after, consequences=[Consequence(OUTPUT, _told(after), signal.event.subject)])


def on_timer(state: Visits | None, signal: Signal, _: datetime) -> Folded[Visits]:
    """Every timer is told."""
    if isinstance(signal, Record):
        raise TypeError("the table gave a record to a timer's fold")
    after = Visits(
        seen=1 if state is None else state.seen + 1,
        cents=0 if state is None else state.cents,
        last_at=signal.due_at,
        last_event=signal.cause,
        name=signal.name,
    )
    return Folded(after, consequences=[Consequence(OUTPUT, _told(after), str(signal.profile_id))])


def _told(after: Visits) -> LeadScored:
    reason = Contribution(after.name, after.cents / 100, after.seen)
    score = after.seen % 101
    return LeadScored(
        score=score, previous_score=None, grade="B", reasons=(reason,), model_version="bench"
    )


def handlers(_: Configuration) -> Handlers[Visits]:
    """The index; the configuration changes nothing."""
    return Handlers(records={ActivityRecorded.TYPE: on_activity}, timer=on_timer)


def tables() -> list[str]:
    """What the service keeps."""
    return [*runtime_tables(), *profile_tables()]


def loop(name: str = NAME) -> Loop[Visits]:
    """The loop that is measured."""
    return Loop(name, INPUT, (INPUT,), handlers, ProfileBook(Visits))


async def consume(settings: SmallSettings, schema: str) -> None:
    """Run the loop until cancelled, as a service's wiring does."""
    async with (
        Database.connect(settings.database_url, schema=schema, application_name=NAME) as database,
        kafka.connect(settings, client=NAME) as log,
        log.reader(patient=True) as reader,
    ):
        feed = ConfigurationFeed(reader)
        consumer = Consumer(loop(), Surroundings(log, PostgresLedger(database, NAME), feed))
        async with asyncio.TaskGroup() as group:
            group.create_task(feed.run())
            group.create_task(consumer.run())


def main(arguments: list[str], run: Callable[..., None] = run_process) -> None:
    """`python -m cuestream.bench.small SCHEMA`."""
    settings = load_settings(SmallSettings)
    configure_logging("warning", service="bench", process="small")
    run(lambda: consume(settings, arguments[0]))


if __name__ == "__main__":
    main(sys.argv[1:])
