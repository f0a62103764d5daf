"""What the orchestrator keeps in its own schema of PostgreSQL."""

from orchestrator.store.administration import PostgresAdministration
from orchestrator.store.journeys import STATE_SCHEMA, JourneyBook
from orchestrator.store.publications import PostgresPublications
from orchestrator.store.roster import PostgresRoster
from orchestrator.store.shelves import PostgresShelf
from orchestrator.store.waking import PostgresSleepers

__all__ = [
    "SCHEMA",
    "STATE_SCHEMA",
    "JourneyBook",
    "PostgresAdministration",
    "PostgresPublications",
    "PostgresRoster",
    "PostgresShelf",
    "PostgresSleepers",
]

SCHEMA = "orchestrator"
