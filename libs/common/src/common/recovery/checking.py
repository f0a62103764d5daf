"""How far back a backup may lie and still be recovered from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TypeVar

from common.clock import utc_now
from common.consuming.loop import Life
from common.kafka.log import KafkaLog
from common.postgres import Database, PostgresLedger
from common.recovery.subject import Readers, Subject, last_entries
from common.streaming.ports import Bounds, Place, Reader

S = TypeVar("S")

WANTED = timedelta(days=6)
"""The compaction lag of profile.contacts, and what the shortest retention of an input leaves."""


@dataclass(slots=True)
class BackupCheck:
    """What stands between a backup and its recovery."""

    service: str
    reaches_back_to: datetime | None = None
    """A backup of this instant or later can be brought forward; None: any, the log begins at its beginning."""
    findings: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    """What a production database should have, and this one has not."""

    @property
    def good(self) -> bool:
        return not self.findings


async def check_backup(subject: Subject[S], log: KafkaLog, database: Database) -> BackupCheck:
    """Look whether journal, inputs and database fit together, and since when.

    Raises:
        TransientError: the log or the database cannot be reached.
    """
    check = BackupCheck(subject.service)
    ledger = PostgresLedger(database, subject.name)
    life = await Life.of(ledger)
    async with Readers(log) as readers:
        reader = await readers.new()
        loop = subject.loop_of(life)
        topics = (subject.journal, *loop.inputs)
        places = [Place(topic, p) for topic in topics for p in range(log.partitions)]
        bounds = await reader.bounds(places)
        check.reaches_back_to = await _reach(reader, bounds)
        entries = await last_entries(reader, subject.journal, log.partitions)
    batches = await ledger.batches(range(log.partitions))
    for partition, entry in sorted(entries.items()):
        name = f"{subject.journal}/{partition}"
        if entry.incarnation != life.id:
            check.findings.append(f"{name} was written for another database than this")
        elif entry.batch.batch > batches[partition]:
            check.findings.append(
                f"{name} knows batch {entry.batch.batch}, the database {batches[partition]}: it was restored"
            )
    reach = check.reaches_back_to
    if reach is not None and utc_now() - reach < WANTED:
        check.findings.append(f"the log reaches back to {reach:%Y-%m-%d %H:%M} UTC only")
    check.notes = await _notes(database)
    return check


async def _reach(reader: Reader, bounds: Mapping[Place, Bounds]) -> datetime | None:
    """The latest of the first records' times, of the places that no longer begin at 0."""
    trimmed = {place: begin for place, (begin, end) in bounds.items() if 0 < begin < end}
    firsts = await reader.records_at(trimmed)
    return max((first.appended_at for first in firsts.values()), default=None)


async def _notes(database: Database) -> list[str]:
    row = await database.fetchrow(
        "SELECT current_setting('archive_mode') AS archiving, current_setting('data_checksums') AS checksums,"
        " current_setting('synchronous_standby_names') AS standbys"
    )
    known = dict(row or {})
    notes = []
    if known.get("archiving") == "off":
        notes.append(
            "archive_mode is off: only whole backups can be restored, not a moment between two"
        )
    if known.get("checksums") == "off":
        notes.append("data_checksums is off: damage on disk is noticed late")
    if not known.get("standbys"):
        notes.append("no synchronous standby: the last transactions are lost with the machine")
    return notes
