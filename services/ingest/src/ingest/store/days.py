"""The days of remembered and of rejected events: one partition each, made ahead and dropped as a whole."""

from __future__ import annotations

from datetime import date, timedelta

from common.consuming import Transaction
from common.postgres import Database

AHEAD = timedelta(days=3)
KEPT = timedelta(days=8)
"""A day more than clients may take to send again, so that the window is whole at every hour."""


_TABLES = ("seen_messages", "set_aside")


async def keep_days(database: Database, today: date) -> None:
    """Make the partitions from `KEPT` ago to `AHEAD` and drop older ones; safe to run in several processes at once.

    Rows of a day without a partition wait in the default one, so that no batch waits for this.
    """
    for table in _TABLES:
        async with database.transaction() as tx:
            await tx.execute("SELECT pg_advisory_xact_lock(hashtext('ingest.' || $1))", table)
            await _keep(tx, table, today)


async def _keep(tx: Transaction, table: str, today: date) -> None:
    rest = f"{table}_other"
    present = await _present(tx, table)
    oldest = today - KEPT
    wanted = [oldest + timedelta(days=n) for n in range((KEPT + AHEAD).days + 1)]
    missing = [day for day in wanted if _name(table, day) not in present]
    if missing:
        # Nobody may add to the default partition between the move and the attachment.
        await tx.execute(f"LOCK TABLE {rest} IN SHARE ROW EXCLUSIVE MODE")
    for day in missing:
        await _make(tx, table, day)
    for name in sorted(present - {rest}):
        if name < _name(table, oldest):
            await tx.execute(f"DROP TABLE {name}")
    await tx.execute(f"DELETE FROM {rest} WHERE day < $1", oldest)  # noqa: S608 - a constant name


async def _present(tx: Transaction, table: str) -> set[str]:
    rows = await tx.fetch(
        "SELECT inhrelid::regclass::text AS name FROM pg_inherits"
        " WHERE inhparent = $1::text::regclass",
        table,
    )
    return {str(row["name"]).rpartition(".")[2] for row in rows}


async def _make(tx: Transaction, table: str, day: date) -> None:
    """Make one day's partition; what already waits for it moves in."""
    name = _name(table, day)
    await tx.execute(f"CREATE TABLE {name} (LIKE {table} INCLUDING ALL)")
    await tx.execute(
        f"WITH moved AS (DELETE FROM {table}_other WHERE day = $1 RETURNING *)"  # noqa: S608 - names of ours
        f" INSERT INTO {name} SELECT * FROM moved",
        day,
    )
    await tx.execute(
        f"ALTER TABLE {table} ATTACH PARTITION {name}"
        f" FOR VALUES FROM ('{day}') TO ('{day + timedelta(days=1)}')"
    )


def _name(table: str, day: date) -> str:
    return f"{table}_{day:%Y%m%d}"
