"""What the orchestrator keeps in its own schema of PostgreSQL."""

from orchestrator.store.journeys import JourneyBook

__all__ = ["SCHEMA", "JourneyBook"]

SCHEMA = "orchestrator"
