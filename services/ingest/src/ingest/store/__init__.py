"""The people of resolve on PostgreSQL, and the look-ups of its own port."""

from ingest.store.book import PeopleBook
from ingest.store.days import keep_days
from ingest.store.directory import PostgresDirectory

__all__ = ["PeopleBook", "PostgresDirectory", "keep_days"]
