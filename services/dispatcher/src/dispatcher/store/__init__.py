"""The dispatcher's tables: recipients, deliveries, addresses, halts."""

from dispatcher.store.archive import PostgresArchive
from dispatcher.store.book import DocketBook
from dispatcher.store.deliveries import PostgresDeliveries
from dispatcher.store.noes import PostgresNoes
from dispatcher.store.positions import PostgresContactPositions
from dispatcher.store.reconciling import reconcile

SCHEMA = "dispatcher"

__all__ = [
    "SCHEMA",
    "DocketBook",
    "PostgresArchive",
    "PostgresContactPositions",
    "PostgresDeliveries",
    "PostgresNoes",
    "reconcile",
]
