"""A migrated ingest schema on a real PostgreSQL, and batches on it as the runtime runs them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import pytest

from common.consuming import Folded, Record, Signal
from common.contracts import Payload
from common.contracts.ingestion import EventAccepted
from common.errors import PermanentError
from common.ids import profile_id
from common.postgres import Database, PostgresTransaction, migrate
from ingest.domain.people import DEFAULT_RULES, People, Rules
from ingest.handlers import fold_received
from ingest.store import PeopleBook, PostgresDirectory
from ingest.store.book import PeopleSheet
from services.ingest.tests.making import FOLDS, NOW


@dataclass
class Registry:
    """The book on a real database."""

    database: Database
    book: PeopleBook = field(default_factory=PeopleBook)
    failures: list[str] = field(default_factory=list)
    rules: Rules = DEFAULT_RULES

    @property
    def directory(self) -> PostgresDirectory:
        return PostgresDirectory(self.database)

    async def folds(self, *signals: Record) -> list[Payload]:
        """One batch, committed."""
        async with self.database.transaction() as tx:
            sheet = await self.book.load(tx, signals)
            told = self.fold(sheet, signals)
            await self.book.save(tx, sheet)
        return told

    def fold(self, sheet: PeopleSheet, signals: Sequence[Signal]) -> list[Payload]:
        told: list[Payload] = []
        for signal in signals:
            assert isinstance(signal, Record)
            try:
                entry = sheet.entry(signal)
                now = max(signal.accepted_at, entry.now or NOW)
                folded = self._folded(entry.state, signal, now)
            except PermanentError as error:
                self.failures.append(error.reason)
                continue
            entry.state, entry.now, entry.changed = folded.state, now, True
            told += [c.payload for c in folded.consequences if c.payload is not None]
        return told

    def _folded(self, state: People | None, signal: Record, now: datetime) -> Folded[People]:
        if signal.event.type == EventAccepted.TYPE:
            return fold_received(state, signal, now, self.rules)
        return FOLDS[signal.event.type](state, signal, now)

    async def load(self, tx: PostgresTransaction, *signals: Record) -> PeopleSheet:
        return await self.book.load(tx, signals)

    async def owner(self, kind: str, value: str, workspace: str = "demo") -> UUID | None:
        row = await self.database.fetchrow(
            "SELECT profile_id FROM identities WHERE workspace = $1 AND kind = $2 AND value = $3",
            workspace,
            kind,
            value,
        )
        return None if row is None or row["profile_id"] is None else UUID(int=row["profile_id"].int)

    async def count(self, table: str) -> int:
        row = await self.database.fetchrow(
            f"SELECT count(*) AS n FROM {table}"  # noqa: S608 - a name from the test itself
        )
        return 0 if row is None else int(row["n"])


def of_user(value: str, workspace: str = "demo") -> UUID:
    return profile_id(workspace, "user", value)


def of_visitor(value: str) -> UUID:
    return profile_id("demo", "anonymous", value)


@pytest.fixture
async def registry(database: Any) -> AsyncIterator[Registry]:
    url = database.of("ingest")
    await migrate("ingest.migrations", url)
    async with Database.connect(url, schema="ingest", application_name="test") as connected:
        yield Registry(connected)


def later(seconds: int) -> datetime:
    return NOW.replace(second=seconds)
