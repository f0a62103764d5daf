"""Recover: a database restored from a backup is brought forward along the journal; nothing is lost, nothing sent twice."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from common.clock import monotonic
from common.consuming.loop import Life
from common.contracts import load_topics
from common.errors import PermanentError
from common.kafka.log import KafkaLog
from common.postgres import Database
from common.postgres.scripted import ScriptedPostgresLedger
from common.recovery.history import Entry, Journal, Releases
from common.recovery.merging import in_order
from common.recovery.outputs import Recorded
from common.recovery.refolding import Refolder, starts_of
from common.recovery.subject import Readers, Subject, last_entries, newest_life, oldest_position
from common.recovery.tape import Tape
from common.streaming.ports import OutboxRow, Place
from common.streaming.wire import origin_of

S = TypeVar("S")

PATIENCE = 10.0
"""Seconds for those who were just stopped to let go of the database."""


@dataclass(slots=True)
class Recovered:
    """What a recovery came to."""

    service: str
    batches: int = 0
    records: int = 0
    timers: int = 0
    to_publish: int = 0
    """Consequences that the log lacked; the next owner publishes them."""
    dropped: int = 0
    """Restored rows of the outbox that the log has."""
    reconciled: Mapping[str, int] = field(default_factory=dict)


async def recover(subject: Subject[S], log: KafkaLog, database: Database) -> Recovered:
    """Bring a restored database forward to where its journal ends. Interrupted, it may be run again.

    Raises:
        PermanentError: `still_running`, `another_life`, `journal_gap`, `log_too_short`, `release_unknown`.
        DivergedError: what is folded is not what was journaled.
        TransientError: the log or the database cannot be reached.
    """
    await _nobody_works(database, [subject.name, *subject.jobs])
    recovered = Recovered(subject.service)
    partitions = range(log.partitions)
    async with Readers(log) as readers:
        asking = await readers.new()
        recorded = Recorded()

        def missing(row: OutboxRow) -> bool:
            # The journal is where the batch was read from.
            lacks = row.target.topic != subject.journal and not recorded.holds(row)
            recovered.to_publish += lacks
            return lacks

        ledger = ScriptedPostgresLedger(database, subject.name, to_publish=missing)
        life = await Life.of(ledger)
        loop = subject.loop_of(life)
        entries = await last_entries(asking, subject.journal, log.partitions)
        if entries and newest_life(entries, subject.journal).id != life.id:
            raise PermanentError(
                "another_life", f"{subject.journal} was last written for another database than this"
            )
        standings = await ledger.take_over(partitions)
        since = oldest_position(standings)
        origins = [
            origin_of(name, p, life.id) for name in (loop.name, *subject.jobs) for p in partitions
        ]
        journal_tape, inputs = Tape(await readers.new()), Tape(await readers.new())
        journal_places = [Place(loop.journal, p) for p in partitions]
        starts: dict[Place, int | None] = dict.fromkeys(journal_places)
        if since is not None:
            starts.update(await asking.offsets_since(journal_places, since))
        await journal_tape.wind(starts)
        recorded = await Recorded.read(
            asking, load_topics(log.partitions), origins, besides={loop.journal}, since=since
        )
        releases = await Releases.read(asking)
        await inputs.wind(starts_of(standings, loop.inputs))
        recovered.dropped = await ledger.drop_published(recorded.holds)
        refolder = Refolder(loop, log, ledger, life, releases, inputs, standings)
        batches = {p: standing.batch for p, standing in standings.items()}
        journal = Journal(journal_tape, loop.journal, life.id, batches)
        async for together in in_order(journal, partitions):
            await refolder.fold(together)
            _count(recovered, together)
        await _number_on(subject, database, recorded, life, partitions)
        await _draw_on(subject, database, entries)
    if subject.reconcile is not None:
        recovered.reconciled = await subject.reconcile(database, log, since)
    return recovered


def _count(recovered: Recovered, entries: Mapping[int, Entry]) -> None:
    for entry in entries.values():
        recovered.batches += 1
        recovered.records += sum(run.last - run.first + 1 for run in entry.batch.runs)
        recovered.timers += len(entry.batch.timers)


async def _nobody_works(database: Database, names: list[str]) -> None:
    give_up_at = monotonic() + PATIENCE
    while rows := await database.fetch(_WORKING, names):
        if monotonic() > give_up_at:
            who = ", ".join(sorted({row["application_name"] for row in rows}))
            raise PermanentError("still_running", f"stop these first: {who}")
        await asyncio.sleep(0.2)


async def _number_on(
    subject: Subject[S], database: Database, recorded: Recorded, life: Life, partitions: range
) -> None:
    """Jobs keep no journal: what they published says with which number they go on."""
    for job in subject.jobs:
        ledger = ScriptedPostgresLedger(database, job, to_publish=lambda _: True)
        drawn: dict[int, dict[str, list[int]]] = {}
        for partition in partitions:
            for place, highest in recorded.drawn(job, partition, life.id).items():
                counters = drawn.setdefault(partition, {}).setdefault(
                    place.topic, [0] * len(partitions)
                )
                counters[place.partition] = highest
        await ledger.draw_from(drawn)
        await ledger.drop_published(recorded.holds)


async def _draw_on(subject: Subject[S], database: Database, entries: Mapping[int, Entry]) -> None:
    draws = [entry.batch.draw for entry in entries.values() if entry.batch.draw is not None]
    if subject.draws and draws:
        await database.execute(_DRAW, subject.draws, max(draws))


_WORKING = """
SELECT DISTINCT application_name FROM pg_stat_activity
WHERE datname = current_database() AND application_name = ANY($1::text[])
"""

_DRAW = "SELECT setval($1::text::regclass, greatest($2::bigint, nextval($1::text::regclass)))"
