"""Migrations of a service's package, run by pods that start at the same time."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from common.errors import TransientError
from common.postgres import Database, PostgresLedger, migrate, migration

pytestmark = pytest.mark.integration

ENV = """
from common.postgres.migration_env import run

run()
"""
FIRST = """
from alembic import op
from common.postgres import profile_tables, runtime_tables

revision, down_revision = "0001", None


def upgrade():
    for statement in [*runtime_tables(), *profile_tables()]:
        op.execute(statement)
"""
SECOND = """
from alembic import op

revision, down_revision = "0002", "0001"


def upgrade():
    op.execute("CREATE TABLE more (id int)")
    op.execute("{statement}")
"""


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "sandbox" / "migrations"
    (folder / "versions").mkdir(parents=True)
    (folder.parent / "__init__.py").touch()
    (folder / "__init__.py").touch()
    (folder / "env.py").write_text(ENV)
    (folder / "versions" / "v0001.py").write_text(FIRST)
    monkeypatch.syspath_prepend(tmp_path)
    for module in ("sandbox", "sandbox.migrations"):  # of the test before
        monkeypatch.delitem(sys.modules, module, raising=False)
    return folder


async def test_pods_that_migrate_at_once_begin_one_life(package: Path, database: Any) -> None:
    await asyncio.gather(*(migrate("sandbox.migrations", database.url) for _ in range(3)))

    async with Database.connect(database.url, schema="sandbox", application_name="test") as pool:
        ledger = PostgresLedger(pool, "loop")
        life = await ledger.incarnation()
        since = await ledger.live_since()
        assert list(await ledger.take_over([0])) == [0]

        (package / "versions" / "v0002.py").write_text(SECOND.format(statement="SELECT 1"))
        await migrate("sandbox.migrations", database.url)

        assert (await ledger.incarnation(), await ledger.live_since()) == (life, since)
        tables = await pool.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'sandbox'")
    assert {"alembic_version", "more", "outbox", "profiles"} <= {row["tablename"] for row in tables}


async def test_a_migration_that_fails_leaves_the_schema_as_it_was(
    package: Path, database: Any
) -> None:
    await migrate("sandbox.migrations", database.url)
    (package / "versions" / "v0002.py").write_text(SECOND.format(statement="SELECT nonsense"))

    with pytest.raises(Exception, match="nonsense"):
        await migrate("sandbox.migrations", database.url)

    async with Database.connect(database.url, schema="sandbox", application_name="test") as pool:
        version = await pool.fetchrow("SELECT version_num FROM alembic_version")
        assert version is not None
        assert version["version_num"] == "0001"
        assert await pool.fetch("SELECT 1 FROM pg_tables WHERE tablename = 'more'") == []


async def test_a_server_that_stays_away_is_transient() -> None:
    with pytest.raises(TransientError, match="database_unavailable"):
        await migration.migrate(
            "sandbox.migrations", "postgresql://nobody@127.0.0.1:1/x", patience=0.1
        )


async def test_a_service_migrates_as_its_own_role_and_no_other(database: Any) -> None:
    connection = await asyncpg.connect(database.of("ingest"))
    try:
        await connection.execute("CREATE TABLE ingest.mine (id int)")
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute("CREATE TABLE scoring.theirs (id int)")
    finally:
        await connection.close()
