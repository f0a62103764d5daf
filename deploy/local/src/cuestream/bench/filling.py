"""Filling tables with millions of rows."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from common.postgres import Database

_PRIMARY = """
SELECT conname AS name, pg_get_constraintdef(oid) AS definition FROM pg_constraint
WHERE conrelid = $1::text::regclass AND contype = 'p'
"""
_OTHERS = """
SELECT indexrelid::regclass::text AS name, pg_get_indexdef(indexrelid) AS definition FROM pg_index
WHERE indrelid = $1::text::regclass AND NOT indisprimary
"""


async def copy(
    database: Database, table: str, columns: Sequence[str], rows: Iterator[tuple[Any, ...]]
) -> None:
    """Fill a table the fast way."""
    async with database.connection() as connection:
        await connection.copy_records_to_table(table, records=rows, columns=columns, timeout=3600)


@asynccontextmanager
async def without_indexes(database: Database, table: str) -> AsyncIterator[None]:
    """Drop a table's indexes for the body and make them again: sorted once, instead of row by row."""
    row = await database.fetchrow(_PRIMARY, table)
    others = await database.fetch(_OTHERS, table)
    if row is None:
        raise ValueError(f"{table} has no primary key")
    await database.execute(f"ALTER TABLE {table} DROP CONSTRAINT {row['name']}")
    for other in others:
        await database.execute(f"DROP INDEX {other['name']}")
    yield
    async with database.connection() as connection:
        await connection.execute("SET maintenance_work_mem = '256MB'")
        made = (f"ALTER TABLE {table} ADD CONSTRAINT {row['name']} {row['definition']}", *(o["definition"] for o in others))  # fmt: skip
        for statement in made:
            await connection.execute(statement, timeout=3600)
        await connection.execute("RESET maintenance_work_mem")


async def settled(database: Database, *tables_: str) -> None:
    """Leave a filled table as autovacuum would, so that no round meets its work."""
    for table in tables_:
        async with database.connection() as connection:
            await connection.execute(f"VACUUM (ANALYZE) {table}", timeout=3600)
