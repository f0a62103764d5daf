"""`bench timers`: the runtime's timers beside a bare loop, with so many others waiting, on a real Kafka and PostgreSQL."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from common.clock import monotonic, utc_now
from common.contracts import decode_event
from common.contracts.profiles import LeadScored
from cuestream.bench.backlog import PROFILES
from cuestream.bench.figures import Case, Effort, Report, Round, cpu_seconds, machine, short
from cuestream.bench.grounds import Grounds, Party, grounds, parties
from cuestream.bench.leaving import compare
from cuestream.bench.load import Volley
from cuestream.bench.pending import Lot, fill, state
from cuestream.bench.rounds import alternate
from cuestream.bench.small import NAME, OUTPUT

WAITING = (1_000_000, 10_000_000)
AT_ONCE = 20_000
"""Due at the same time, as rivals measure it."""
_RATE = 1_000
"""A second, of the case that asks how late they are."""
_STATED = 0.25
"""Seconds between two statements of progress, as resolve makes them."""
_LEFT = """
SELECT EXISTS (
    SELECT FROM generate_series(0, $3) AS mine (partition)
    CROSS JOIN LATERAL (
        SELECT FROM timers WHERE timers.loop = $1 AND timers.partition = mine.partition AND due_at < $2 LIMIT 1
    ) AS due
) OR EXISTS (SELECT FROM outbox) AS left
"""


async def run(ceilings: Path, effort: Effort) -> Report:
    """Measure with each number of waiting timers, on brokers of its own or those that the environment names.

    Raises:
        FindingError: the two sides do not leave the same rows and bytes.
        UnreachableError: Kafka, PostgreSQL or one of the sides does not start.
    """
    with grounds() as on:
        return await measure(on, ceilings, effort)


async def measure(
    on: Grounds,
    ceilings: Path,
    effort: Effort,
    *,
    at_once: int = AT_ONCE,
    profiles: int = PROFILES,
) -> Report:
    """As `run`, on these brokers."""
    cases: list[Case] = []
    for count in effort.sizes or WAITING:
        cases += await _measure(
            on, ceilings / "bare_timers.py", effort, Waiting(count, at_once, profiles)
        )
    return Report("timers", tuple(cases), machine())


@dataclass(frozen=True, slots=True)
class Waiting:
    """How many timers wait, how many of others are due at once, and of how many profiles these are."""

    timers: int
    at_once: int
    profiles: int


async def _measure(on: Grounds, ceiling: Path, effort: Effort, waiting: Waiting) -> list[Case]:
    rounds = effort.rounds + 1
    bursts = [
        Lot(number, waiting.at_once, timedelta(), waiting.profiles) for number in range(rounds)
    ]
    count = max(1, int(effort.seconds * _RATE))
    trickles = [
        Lot(rounds + n, count, timedelta(seconds=1 / _RATE), waiting.profiles)
        for n in range(rounds)
    ]
    effort.say(f"filling two tables with {waiting.timers:,} timers")
    async with parties(
        on, ceiling, lambda db: fill(db, waiting.timers, [*bursts, *trickles], on.partitions)
    ) as sides:

        async def burst(side: Party, number: int) -> Round:
            return await _fired(side, bursts[number], lambda: state(side, bursts[number].over))

        async def trickle(side: Party, number: int) -> Round:
            return await _trickled(side, trickles[number])

        word = short(waiting.timers)
        cases = [await alternate(f"burst-{word}", "timers/s", sides, effort, burst)]
        written = await compare(sides, journal=True)
        effort.say(f"the same rows and bytes: {written} records")
        cases.append(await alternate(f"steady-{word}", "timers/s", sides, effort, trickle))
        return cases


async def _fired(side: Party, lot: Lot, make_due: Callable[[], Awaitable[None]]) -> Round:
    async def over() -> bool:
        row = await side.database.fetchrow(_LEFT, NAME, lot.over, side.log.partitions - 1)
        return row is not None and not row["left"]

    cpu, begun = cpu_seconds(side.process.pid), monotonic()
    await make_due()
    await side.until("all timers of a round", over)
    seconds, used = monotonic() - begun, cpu_seconds(side.process.pid) - cpu
    return Round(lot.count, Volley(seconds=seconds), used)


async def _trickled(side: Party, lot: Lot) -> Round:
    """Virtual time goes as fast as the clock; late is what is appended after its time."""
    since = await side.ends(OUTPUT)
    begun, at = monotonic(), utc_now()

    async def pass_time() -> None:
        steps = int((lot.over - lot.begun).total_seconds() / _STATED) + 1
        for step in range(steps + 1):
            await asyncio.sleep(max(0.0, begun + step * _STATED - monotonic()))
            await state(side, lot.begun + step * timedelta(seconds=_STATED))

    done = await _fired(side, lot, pass_time)
    async for item in side.read(OUTPUT, since):
        told = decode_event(item.value or b"").payload(LeadScored)
        due = lot.position(told.reasons[0].kind)
        if due is not None:
            done.volley.latencies.append((item.appended_at - at - due).total_seconds())
    return done
