"""Alternating rounds of two sides, and how they become one case."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from cuestream.bench.figures import Case, Effort, Round, case_of, rss_mib
from cuestream.bench.grounds import Party


async def alternate(
    name: str,
    unit: str,
    sides: tuple[Party, Party],
    effort: Effort,
    one: Callable[[Party, int], Awaitable[Round]],
) -> Case:
    """Run the rounds; `one` measures a side in the round of that number (0 warms up and does not count)."""
    mine, ceiling = sides
    rounds: dict[str, list[Round]] = {mine.name: [], ceiling.name: []}
    for number in range(effort.rounds + 1):
        # Alternating who begins, so that neither always finds the warmer machine.
        for side in sides if number % 2 == 0 else sides[::-1]:
            done = await one(side, number)
            if number:
                rounds[side.name].append(done)
                effort.say(f"{name} · round {number} · {side.name} {done.rate:,.0f} {unit}")
    rss = rss_mib(mine.process.pid)
    return case_of(name, unit, rounds[mine.name], rounds[ceiling.name], rss)
