"""Plays many schedules, on both cores, and tells of the first that broke a promise."""

from __future__ import annotations

import gc
import logging
import multiprocessing
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field

import structlog

from tests.simulation.running import play
from tests.simulation.world import Parts, World

CORES = 2
LOT = 250
"""Schedules that a core plays before it reports."""
_BETWEEN_COLLECTIONS = 50


@dataclass(slots=True)
class Tally:
    """What was played."""

    schedules: int = 0
    steps: int = 0
    events: int = 0
    seconds: float = 0.0
    """Of the schedules' own time."""
    faults: Counter[str] = field(default_factory=Counter)
    broken: str = ""
    """The story of a schedule that went wrong."""

    def add(self, other: Tally) -> None:
        self.schedules += other.schedules
        self.steps += other.steps
        self.events += other.events
        self.seconds += other.seconds
        self.faults += other.faults
        self.broken = self.broken or other.broken


def play_many(first: int, count: int) -> Tally:
    """Play the schedules of so many seeds; stops at the first that goes wrong."""
    total = Tally()
    lots = [range(at, min(at + LOT, first + count)) for at in range(first, first + count, LOT)]
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(CORES, mp_context=context) as pool:
        for tally in pool.map(_play_lot, lots):
            total.add(tally)
            if total.broken:
                pool.shutdown(cancel_futures=True)
                break
    return total


def _play_lot(seeds: Sequence[int]) -> Tally:
    tally = Tally()
    with prepared():
        for world in played(seeds):
            tally.schedules += 1
            tally.steps += world.loop.steps
            tally.seconds += world.loop.now
            tally.events += len(world.schedule.sendings)
            tally.faults.update(what.split(": ")[1].split(" ")[0] for what in world.weather.seen)
            if world.broken:
                tally.broken = story(world)
                break
    return tally


def played(seeds: Sequence[int], parts: Parts | None = None) -> Iterator[World]:
    """Play one after another."""
    for number, seed in enumerate(seeds):
        yield play(seed, parts)
        if number % _BETWEEN_COLLECTIONS == _BETWEEN_COLLECTIONS - 1:
            gc.collect()


@contextmanager
def prepared() -> Iterator[None]:
    """Nothing is logged, and garbage is collected between schedules: in them it would cost a tenth of the time."""
    before = structlog.get_config()
    structlog.configure(
        **{**before, "wrapper_class": structlog.make_filtering_bound_logger(logging.CRITICAL)}
    )
    gc.freeze()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
        gc.unfreeze()
        structlog.configure(**before)


def story(world: World) -> str:
    """What went wrong, what happened before, and how to see it again."""
    schedule = world.schedule
    return "\n".join(
        (
            *(f"broken: {what}" for what in world.broken[:5]),
            *(f"{sending.at:8.3f} {sending}" for sending in schedule.sendings),
            *world.weather.seen,
            f"{schedule}",
            f"Play it again: SIMULATION_SEED={schedule.seed} .venv/bin/pytest tests/simulation",
        )
    )
