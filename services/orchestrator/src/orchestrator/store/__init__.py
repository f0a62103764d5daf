"""What the orchestrator keeps in its own schema of PostgreSQL."""

from orchestrator.store.journeys import STATE_SCHEMA, JourneyBook
from orchestrator.store.publications import PostgresPublications
from orchestrator.store.waking import PostgresSleepers

__all__ = ["SCHEMA", "STATE_SCHEMA", "JourneyBook", "PostgresPublications", "PostgresSleepers"]

SCHEMA = "orchestrator"
