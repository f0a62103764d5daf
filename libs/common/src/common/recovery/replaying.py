"""Replay: the same state and the same output, byte for byte, in an empty database; nothing is published."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from common.contracts import load_topics
from common.kafka.log import KafkaLog
from common.postgres import Database
from common.postgres.scripted import ScriptedPostgresLedger
from common.recovery.history import Journal, Releases
from common.recovery.merging import in_order
from common.recovery.outputs import Comparison, Recorded
from common.recovery.refolding import Refolder, starts_of
from common.recovery.subject import Readers, Subject, last_entries, newest_life
from common.recovery.tape import Tape
from common.streaming.ports import Place
from common.streaming.wire import origin_of

S = TypeVar("S")


@dataclass(slots=True)
class Replayed:
    """What a replay came to."""

    service: str
    batches: int = 0
    records: int = 0
    """Offsets that the batches took, duplicates and ticks among them."""
    timers: int = 0
    outputs: dict[str, int] = field(default_factory=dict)
    """same, different, unpublished (not on the log), extra (on the log, not made)."""
    different: Sequence[str] = ()
    tables: dict[str, bool] = field(default_factory=dict)
    """Whether each table is as in the database compared with."""

    @property
    def good(self) -> bool:
        return not self.outputs.get("different") and all(self.tables.values())


async def replay(
    subject: Subject[S], log: KafkaLog, database: Database, beside: Database | None = None
) -> Replayed:
    """Fold the service's inputs along its journal into an empty, migrated database; compare with what was published.

    `beside` is the service's own database: where the service rests, its tables must be the same.

    Raises:
        PermanentError: `not_empty`, `no_journal`, `journal_gap`, `log_too_short`, `release_unknown`.
        DivergedError: a batch took other records or timers than were journaled.
        TransientError: the log or the database cannot be reached.
    """
    ledger = ScriptedPostgresLedger(database, subject.name, to_publish=lambda _: False)
    await ledger.be_empty()
    async with Readers(log) as readers:
        asking = await readers.new()
        entries = await last_entries(asking, subject.journal, log.partitions)
        life = newest_life(entries, subject.journal)
        loop = subject.loop_of(life)
        await ledger.live(life.id, life.live_since)
        partitions = range(log.partitions)
        standings = await ledger.take_over(partitions)
        journaled, inputs = Tape(await readers.new()), Tape(await readers.new())
        await journaled.wind({Place(loop.journal, p): None for p in partitions})
        await inputs.wind(starts_of(standings, loop.inputs))
        releases = await Releases.read(asking)
        origins = [origin_of(loop.name, p, life.id) for p in partitions]
        recorded = await Recorded.read(
            asking, load_topics(log.partitions), origins, besides={loop.journal}
        )
        comparison = Comparison(recorded)
        refolder = Refolder(loop, log, ledger, life, releases, inputs, standings)
        replayed = Replayed(subject.service)
        journal = Journal(journaled, loop.journal, life.id, dict.fromkeys(partitions, 0))
        async for together in in_order(journal, partitions):
            for row in await refolder.fold(together):
                if row.target.topic != loop.journal:
                    comparison.take(row)
            for entry in together.values():
                replayed.batches += 1
                replayed.records += sum(run.last - run.first + 1 for run in entry.batch.runs)
                replayed.timers += len(entry.batch.timers)
    replayed.outputs = {
        "same": comparison.same,
        "different": comparison.differing,
        "unpublished": comparison.unpublished,
        "extra": comparison.extra,
    }
    replayed.different = tuple(comparison.different)
    if beside is not None:
        replayed.tables = await compare(subject, database, beside)
    return replayed


async def compare(subject: Subject[S], one: Database, other: Database) -> dict[str, bool]:
    """Per table, whether both databases hold the same rows."""
    kept = {
        f"{table} of {subject.name}": (table, columns, "WHERE loop = $1")
        for table, columns in subject.bookkeeping.items()
    }
    kept |= {table: (table, columns, "") for table, columns in subject.tables.items()}
    return {
        name: await _digest(subject.name, one, *what) == await _digest(subject.name, other, *what)
        for name, what in kept.items()
    }


async def _digest(
    loop: str, database: Database, table: str, columns: str, where: str
) -> Mapping[str, Any]:
    # Bucketed, so that no string of all rows has to be built; the sum does not depend on their order.
    row = await database.fetchrow(
        f"""
        SELECT count(*) AS rows, coalesce(sum(hashtextextended(kept::text, 0)::numeric), 0)::text AS digest
        FROM (SELECT {columns} FROM {table} {where}) AS kept
        """,  # noqa: S608 - names from our own table of tables
        *([loop] if where else []),
    )
    return dict(row or {})
