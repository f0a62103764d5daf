"""PostgreSQL: the pool, the runtime's ledger, the book of profiles, migrations."""

from common.postgres.book import ProfileBook, ProfileKey
from common.postgres.database import Database, PostgresTransaction
from common.postgres.ledger import PostgresLedger
from common.postgres.migration import migrate
from common.postgres.tables import profile_tables, runtime_tables

__all__ = [
    "Database",
    "PostgresLedger",
    "PostgresTransaction",
    "ProfileBook",
    "ProfileKey",
    "migrate",
    "profile_tables",
    "runtime_tables",
]
