"""What the environment may say to the simulation."""

from __future__ import annotations

import os
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SimulationSettings:
    """How many schedules, and which."""

    seed: int | None
    """`SIMULATION_SEED`: play only this one, and tell what happened."""
    schedules: int
    """`SIMULATION_SCHEDULES`: how many are played beyond those of `make test`; `make test-fault` says 50,000."""
    first: int
    """`FAULT_SEED`: where `make test-fault` begins; another one, other schedules."""

    @classmethod
    def from_environment(cls) -> SimulationSettings:
        seed = os.environ.get("SIMULATION_SEED")
        return cls(
            seed=None if seed is None else int(seed),
            schedules=int(os.environ.get("SIMULATION_SCHEDULES", "10000")),
            first=1_000_000 * (1 + int(os.environ.get("FAULT_SEED", "0"))),
        )
