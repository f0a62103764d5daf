"""PostgreSQL: the pool, the runtime's ledger, the book of profiles, migrations."""

from common.postgres.book import ProfileBook, ProfileKey
from common.postgres.database import Database, PostgresTransaction
from common.postgres.ledger import PostgresLedger
from common.postgres.oversight import PostgresOversight
from common.postgres.tables import profile_tables, runtime_tables

__all__ = [
    "Database",
    "PostgresLedger",
    "PostgresOversight",
    "PostgresTransaction",
    "ProfileBook",
    "ProfileKey",
    "migrate",
    "profile_tables",
    "runtime_tables",
]


async def migrate(package: str, database_url: str) -> None:
    """Bring a service's schema up to date, see `common.postgres.migration`."""
    # Alembic and SQLAlchemy take as long to import as all the rest, and only this one-shot needs them.
    from common.postgres import migration  # noqa: PLC0415

    await migration.migrate(package, database_url)
