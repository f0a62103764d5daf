"""The same suites on the database in memory and on a real one."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any

import pytest

from common.postgres import (
    Database,
    PostgresLedger,
    PostgresOversight,
    profile_tables,
    runtime_tables,
)
from common.postgres.book import ProfileBook
from common.testing.postgres import FakeBook, FakeDatabase
from common.testing.postgres_ledger import FakeLedger
from common.testing.postgres_oversight import FakeOversight

INCARNATION = "00000000-0000-0000-0000-000000000001"


@dataclass(frozen=True)
class Store:
    """Either database, with what is built on it."""

    database: Any
    ledger: Callable[..., Any]
    """A second call with the same loop is a second process."""
    book: type[ProfileBook[Any]]
    oversight: Any


def _fake() -> Store:
    database = FakeDatabase(incarnation=INCARNATION)

    def ledger(loop: str, patience: float = 0.05) -> FakeLedger:
        return FakeLedger(database, loop, patience=patience)

    return Store(database, ledger, FakeBook, FakeOversight(database))


async def _real(url: str, stack: AsyncExitStack) -> Store:
    database = await stack.enter_async_context(
        Database.connect(url, schema="ingest", application_name="test")
    )
    async with database.transaction() as tx:
        for statement in [*runtime_tables(), *profile_tables()]:
            await tx.execute(statement)
        await tx.execute("INSERT INTO incarnation (id, live_since) VALUES ($1, now())", INCARNATION)

    def ledger(loop: str, patience: float = 0.05) -> PostgresLedger:
        return PostgresLedger(database, loop, patience=patience)

    return Store(database, ledger, ProfileBook, PostgresOversight(database))


@pytest.fixture(params=["fake", pytest.param("real", marks=pytest.mark.integration)])
async def store(request: pytest.FixtureRequest) -> AsyncIterator[Store]:
    async with AsyncExitStack() as stack:
        if request.param == "fake":
            yield _fake()
        else:
            url = request.getfixturevalue("database").of("ingest")
            yield await _real(url, stack)


@pytest.fixture
async def real(database: Any) -> AsyncIterator[Store]:
    async with AsyncExitStack() as stack:
        yield await _real(database.of("ingest"), stack)
