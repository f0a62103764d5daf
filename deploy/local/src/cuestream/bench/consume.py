"""`bench consume`: the runtime's loop with a small service beside a bare loop, on a real Kafka and PostgreSQL."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
from pathlib import Path
from uuid import UUID

from common.clock import monotonic
from common.contracts import decode_event
from common.streaming.ports import Outgoing, Place
from cuestream.bench.backlog import PROFILES, Backlog, fill_profiles
from cuestream.bench.figures import Case, Effort, Report, Round, cpu_seconds, machine
from cuestream.bench.grounds import Grounds, Party, grounds, parties
from cuestream.bench.leaving import compare
from cuestream.bench.load import Volley
from cuestream.bench.rounds import alternate
from cuestream.bench.small import INPUT, OUTPUT
from cuestream.failures import FindingError

EXPECTED = 10_000
"""Events a second; so many are laid out for each second that a round shall take."""
_LOT = 300
"""Events of one partition in one batch of the log: both sides read them in one portion."""
_LOW = 200
"""Events a second of the case that asks how long one takes."""
_LOW_LOT = 4
_DONE = (
    "SELECT coalesce((SELECT sum(next_offset) FROM positions), 0)::bigint AS read,"
    " EXISTS (SELECT FROM outbox) AS unpublished"
)


async def run(ceilings: Path, effort: Effort) -> Report:
    """Measure on brokers of its own, or those that the environment names.

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
    profiles: int = PROFILES,
    expected: int = EXPECTED,
) -> Report:
    """As `run`, on these brokers; `expected` is the rate for which a round's events are laid out."""
    ceiling = ceilings / "bare_consume.py"
    async with parties(on, ceiling, lambda db: fill_profiles(db, profiles, on.partitions)) as sides:
        bench = _Bench(
            sides, effort, Backlog(profiles, on.partitions), int(effort.seconds * expected)
        )
        await bench.portions()
        written = await compare(sides, journal=True)
        effort.say(f"the same rows and bytes: {written} records")
        cases = [await bench.backlog(), await bench.steady()]
        written = await compare(sides, journal=False)
        effort.say(f"the same rows and bytes: {written} records")
    return Report("consume", tuple(cases), machine())


class _Bench:
    def __init__(
        self, sides: tuple[Party, Party], effort: Effort, backlog: Backlog, events: int
    ) -> None:
        self._sides = sides
        self._effort = effort
        self._backlog = backlog
        self._events = events
        self._laid = {side.name: 0 for side in sides}
        self._rounds: dict[tuple[str, int], dict[Place, list[Outgoing]]] = {}

    async def portions(self) -> None:
        """Give both the same small portions, one after the other."""
        partitions = self._backlog.partitions
        for number in range(2 * partitions):
            lot = self._backlog.take(_LOT, partition=number % partitions)
            for side in self._sides:
                await self._lay(side, lot)
                await side.until("the first portions", self._caught_up(side))

    async def backlog(self) -> Case:
        """Everything is there before the round begins."""

        async def one(side: Party, number: int) -> Round:
            events = self._of_round("backlog", number, self._events)
            side.process.park()
            await self._lay(side, events)
            cpu, begun = cpu_seconds(side.process.pid), monotonic()
            side.process.go()
            await side.until("the backlog", self._caught_up(side))
            seconds = monotonic() - begun
            used = cpu_seconds(side.process.pid) - cpu
            return Round(self._events, Volley(seconds=seconds), used)

        return await alternate("backlog-500", "events/s", self._sides, self._effort, one)

    async def steady(self) -> Case:
        """A trickle: how long from an event's append to that of what it led to."""
        count = max(_LOW_LOT, int(self._effort.seconds * _LOW))

        async def one(side: Party, number: int) -> Round:
            before = {**await side.ends(INPUT), **await side.ends(OUTPUT)}
            lots = self._of_round("steady", number, count)
            cpu, begun = cpu_seconds(side.process.pid), monotonic()
            await self._trickle(side, lots)
            await side.until("the trickle", self._caught_up(side))
            seconds, used = monotonic() - begun, cpu_seconds(side.process.pid) - cpu
            return Round(count, Volley(0, seconds, await _latencies(side, before)), used)

        return await alternate(f"steady-{_LOW}", "events/s", self._sides, self._effort, one)

    def _of_round(self, case: str, number: int, count: int) -> dict[Place, list[Outgoing]]:
        """The same events for whichever side comes second."""
        key = (case, number)
        known = self._rounds.pop(key, None)
        if known is None:
            known = self._rounds[key] = self._backlog.take(count)
        return known

    async def _lay(self, side: Party, places: dict[Place, list[Outgoing]]) -> None:
        for place, records in places.items():
            await side.lay(place, records)
            self._laid[side.name] += len(records)

    async def _trickle(self, side: Party, places: dict[Place, list[Outgoing]]) -> None:
        begun, sent = monotonic(), 0
        lots = (
            {place: records[index : index + _LOW_LOT]}
            for index in range(0, max(map(len, places.values())), _LOW_LOT)
            for place, records in places.items()
        )
        for lot in lots:
            await self._lay(side, lot)
            sent += sum(map(len, lot.values()))
            await asyncio.sleep(max(0.0, begun + sent / _LOW - monotonic()))

    def _caught_up(self, side: Party) -> Callable[[], Awaitable[bool]]:
        async def look() -> bool:
            row = await side.database.fetchrow(_DONE)
            if row is None or row["read"] > self._laid[side.name]:
                raise FindingError(f"{side.name} is ahead of what was laid out")
            return bool(row["read"] == self._laid[side.name] and not row["unpublished"])

        return look


async def _latencies(side: Party, before: dict[Place, int]) -> list[float]:
    appended: dict[UUID | None, datetime] = {}
    async for item in side.read(INPUT, {p: o for p, o in before.items() if p.topic == INPUT}):
        appended[decode_event(item.value or b"").id] = item.appended_at
    waits = []
    async for item in side.read(OUTPUT, {p: o for p, o in before.items() if p.topic == OUTPUT}):
        cause = decode_event(item.value or b"").causationid
        waits.append((item.appended_at - appended[cause]).total_seconds())
    return waits
