"""A configuration that is there from the start."""

from __future__ import annotations

from dataclasses import dataclass

from common.configuration import Configuration


@dataclass(slots=True)
class Settled:
    """A `ConfigurationSource` that has nothing to wait for; whoever sets `current` publishes."""

    current: Configuration

    async def wait_ready(self) -> None:
        return

    async def catch_up(self) -> None:
        return
