"""`bench soak`: whether a process's memory grows while events go through all services."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from statistics import mean

import psutil

from common.clock import monotonic
from cuestream.bench.chain import Chain, chained, own_stack
from cuestream.bench.figures import Case, Effort, Report, Share, cpu_seconds, machine, short, tree
from cuestream.bench.shop import Visitors

PROFILES = 10_000
RATE = 150.0
"""Events a second: about a fifth of what two cores take."""
WARM_UP = 30.0
"""Seconds that do not count: caches fill, pools open."""
EVERY = 1.0

Sizes = dict[tuple[str, int], list[float]]
"""By process and pid, MiB of resident memory, second by second."""


async def run(_: Path, effort: Effort) -> Report:
    """Soak for the seconds of all rounds, after a warm-up.

    Raises:
        FindingError: not every trigger led to a decision.
        UnreachableError: the stack does not come up.
    """
    cases: list[Case] = []
    for profiles in effort.sizes or (PROFILES,):
        with own_stack() as layout:
            async with chained(layout, profiles, effort) as chain:
                await chain.settle_in()
                cases.append(await soaked(chain))
    return Report("soak", tuple(cases), machine())


async def soaked(chain: Chain, *, warm_up: float = WARM_UP) -> Case:
    """What each process came to hold; the chain has settled in and has nothing else to do."""
    profiles, effort = chain.profiles, chain.effort
    await chain.visited(Visitors(profiles, "warm-up"), RATE, warm_up)
    effort.say("warm")
    pids, sizes = chain.pids(), Sizes()
    before = {name: cpu_seconds(pid) for name, pid in pids.items()}
    watching = asyncio.create_task(_watch(pids, sizes))
    begun = monotonic()
    sent = await chain.visited(Visitors(profiles, "soak"), RATE, effort.seconds * effort.rounds)
    rate = sent / (monotonic() - begun)
    watching.cancel()
    shares = {
        name: _share(1000 * (cpu_seconds(pid) - before[name]) / sent, _of(name, sizes))
        for name, pid in pids.items()
    }
    return Case(
        case=f"soak-{short(profiles)}",
        unit="events/s",
        rate=round(rate, 1),
        ceiling_rate=None,
        ratio=None,
        spread=0.0,
        cpu_s_per_1000=round(sum(share.cpu_s_per_1000 for share in shares.values()), 4),
        rss_mib=max(share.rss_mib for share in shares.values()),
        processes=shares,
    )


async def _watch(pids: Mapping[str, int], sizes: Sizes) -> None:
    while True:
        for name, pid in pids.items():
            with suppress(psutil.Error):  # a child of PostgreSQL that ended just now
                for process in tree(pid):
                    size = process.memory_info().rss / 1024 / 1024
                    sizes.setdefault((name, process.pid), []).append(size)
        await asyncio.sleep(EVERY)


def _of(name: str, sizes: Sizes) -> list[list[float]]:
    """The curves of a service's processes that were there all the time."""
    curves = [curve for (owner, _), curve in sizes.items() if owner == name]
    longest = max(map(len, curves))
    return [curve for curve in curves if len(curve) >= 0.9 * longest]


def _share(cpu_s_per_1000: float, curves: Sequence[Sequence[float]]) -> Share:
    tenth = max(1, len(curves[0]) // 10)
    return Share(
        cpu_s_per_1000=round(cpu_s_per_1000, 4),
        rss_mib=round(max(max(curve) for curve in curves), 1),
        growth=round(max(mean(curve[-tenth:]) / mean(curve[:tenth]) for curve in curves), 3),
    )
