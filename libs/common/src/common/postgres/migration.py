"""Brings a service's schema up to date, from the migrations in its package."""

from __future__ import annotations

import asyncio
from importlib import resources
from typing import Any

import asyncpg
from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import create_async_engine

from common.clock import monotonic
from common.errors import TransientError
from common.ids import fresh
from common.postgres.failures import DRIVER_ERRORS, translate, translated

_PATIENCE_SECONDS = 60.0
_RETRY_SECONDS = 0.5


async def migrate(package: str, database_url: str, *, patience: float = _PATIENCE_SECONDS) -> None:
    """Run the migrations of `package` (such as `ingest.migrations`) in the schema named after the service.

    Waits for the server so many seconds. Two that run at once take turns. All happens in one transaction. Filling an empty
    schema begins a new life: it writes `incarnation` with `live_since`.

    Raises:
        TransientError: the server cannot be reached.
    """
    schema = package.partition(".")[0]
    await _wait_for_server(database_url, patience)

    async def connect() -> Any:
        return await asyncpg.connect(
            database_url,
            server_settings={"search_path": schema, "application_name": f"{schema}.migrate"},
        )

    engine = create_async_engine("postgresql+asyncpg://", async_creator=connect)
    try:
        async with engine.begin() as connection:
            await connection.run_sync(_upgrade, package, schema)
    finally:
        await engine.dispose()


async def _wait_for_server(database_url: str, patience: float) -> None:
    give_up_at = monotonic() + patience
    while True:
        try:
            connection = await asyncpg.connect(database_url, timeout=5)
            await connection.close()
        except DRIVER_ERRORS as error:
            if not isinstance(translated(error), TransientError) or monotonic() > give_up_at:
                translate(error)
        else:
            return
        await asyncio.sleep(_RETRY_SECONDS)


def _upgrade(connection: Connection, package: str, schema: str) -> None:
    connection.execute(
        text("SELECT pg_advisory_xact_lock(hashtext('cuestream'), hashtext(:schema))"),
        {"schema": schema},
    )
    # Asked first, because CREATE SCHEMA IF NOT EXISTS demands the right to create even where it exists.
    exists = text("SELECT 1 FROM pg_namespace WHERE nspname = :schema")
    if connection.execute(exists, {"schema": schema}).first() is None:
        connection.execute(text(f'CREATE SCHEMA "{schema}"'))
    empty = connection.execute(
        text("SELECT 1 FROM pg_tables WHERE schemaname = :schema"), {"schema": schema}
    ).first()
    with resources.as_file(resources.files(package)) as folder:
        config = Config()
        config.set_main_option("script_location", str(folder).replace("%", "%%"))
        config.attributes["connection"] = connection
        config.attributes["schema"] = schema
        command.upgrade(config, "head")
    if empty is None:
        _begin_life(connection)


def _begin_life(connection: Connection) -> None:
    if connection.execute(text("SELECT to_regclass('incarnation')")).scalar() is None:
        return  # a service without loops
    connection.execute(
        text("INSERT INTO incarnation (id, live_since) VALUES (:id, clock_timestamp())"),
        {"id": fresh()},
    )
