"""Every knob of scoring; all of them are the library's."""

from __future__ import annotations

from common.settings import DatabaseSettings, LoopSettings


class Settings(LoopSettings):
    """What `scoring consume` is told by its environment."""


class MigrateSettings(DatabaseSettings):
    """What `scoring migrate` is told: it meets nothing but the database."""
