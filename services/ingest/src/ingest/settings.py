"""Every knob of ingest's processes."""

from __future__ import annotations

import os
from pathlib import Path

from pydantic import Field

from common.settings import DatabaseSettings, EdgeSettings, KafkaSettings, LoopSettings


class ApiSettings(KafkaSettings, EdgeSettings):
    """What `ingest api` is told by its environment."""

    workers: int | None = Field(default=None, ge=1, le=64)
    """Processes that listen on the port together. Unset: two, or one where there is only one core. One core takes in about
    20,000 events a second in batches; the brokers need the rest of the machine."""
    replicas: int = Field(default=1, ge=1, le=1000)
    """How many such processes (pods) run beside each other. They do not talk: each worker of each replica grants an equal part
    of a source's limit, so that together they grant the whole."""
    queue_mib: int = Field(default=64, ge=1, le=4096)
    """MiB that may wait for Kafka in one worker. One workspace may fill as much as is still free for the others, alone half of it;
    beyond that it is answered 429 `busy` at once."""
    deadline_seconds: float = Field(default=5.0, gt=0, le=60)
    """Seconds until a request whose messages are not acknowledged is answered 503. Clients give up after 10 to 15."""
    prometheus_multiproc_dir: Path | None = Field(
        default=None, validation_alias="PROMETHEUS_MULTIPROC_DIR"
    )
    """Where workers share their counters. Set by their parent, so that every one of them can answer for all."""

    @property
    def worker_count(self) -> int:
        """How many workers to run."""
        return self.workers or min(2, os.cpu_count() or 1)


class ResolveSettings(LoopSettings):
    """What `ingest resolve` is told by its environment."""


class MigrateSettings(DatabaseSettings):
    """What `ingest migrate` is told: it meets nothing but the database."""


def environment_with(**more: str) -> dict[str, str]:
    """This process's environment and more, for a child."""
    return {**os.environ, **more}
