"""Every knob of the orchestrator's processes."""

from __future__ import annotations

from common.settings import (
    DatabaseSettings,
    EdgeSettings,
    KafkaSettings,
    LoopSettings,
    TokenSettings,
)


class ConsumeSettings(LoopSettings):
    """What `orchestrator consume` is told by its environment."""


class ApiSettings(KafkaSettings, DatabaseSettings, EdgeSettings, TokenSettings):
    """What `orchestrator api` is told; the token secrets sign the page's sessions here."""


class MigrateSettings(DatabaseSettings):
    """What `orchestrator migrate` is told: it meets nothing but the database."""
