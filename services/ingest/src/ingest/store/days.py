"""The days of remembered events: one partition each, made ahead and dropped as a whole."""

from __future__ import annotations

from datetime import date, timedelta

from common.postgres import Database

AHEAD = timedelta(days=3)
KEPT = timedelta(days=8)
"""A day more than clients may take to send again, so that the window is whole at every hour."""


async def keep_days(database: Database, today: date) -> None:
    """Make the partitions from `KEPT` ago to `AHEAD` and drop older ones; safe to run in several processes at once.

    Rows of a day without a partition go to the default one, so nothing waits for this.
    """
    async with database.transaction() as tx:
        await tx.execute("SELECT pg_advisory_xact_lock(hashtext('ingest.seen_messages'))")
        rows = await tx.fetch(
            "SELECT inhrelid::regclass::text AS name FROM pg_inherits"
            " WHERE inhparent = 'seen_messages'::regclass"
        )
        present = {str(row["name"]).rpartition(".")[2] for row in rows}
        oldest = today - KEPT
        for offset in range((KEPT + AHEAD).days + 1):
            day = oldest + timedelta(days=offset)
            if _name(day) not in present:
                await tx.execute(
                    f"CREATE TABLE {_name(day)} PARTITION OF seen_messages"
                    f" FOR VALUES FROM ('{day}') TO ('{day + timedelta(days=1)}')"
                )
        for name in sorted(present - {_DEFAULT}):
            if name < _name(oldest):
                await tx.execute(f"DROP TABLE {name}")
        await tx.execute(f"DELETE FROM {_DEFAULT} WHERE day < $1", oldest)  # noqa: S608 - a constant name


_DEFAULT = "seen_messages_other"


def _name(day: date) -> str:
    return f"seen_messages_{day:%Y%m%d}"
