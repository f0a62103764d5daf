"""The people of resolve on PostgreSQL, and the look-ups of its own port."""

from ingest.store.book import PeopleBook
from ingest.store.days import keep_days
from ingest.store.directory import PostgresDirectory
from ingest.store.receptions import PostgresReceptions
from ingest.store.shelves import ResolveBook

__all__ = ["PeopleBook", "PostgresDirectory", "PostgresReceptions", "ResolveBook", "keep_days"]
