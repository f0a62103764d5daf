"""`bench resolve`: the process that knows people beside a bare loop, with so many ids known, on a real Kafka and PostgreSQL."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

from common.clock import monotonic, utc_now
from cuestream.bench.figures import Case, Effort, Report, Round, cpu_seconds, machine, short
from cuestream.bench.grounds import (
    Grounds,
    Home,
    Party,
    Subject,
    grounds,
    opened,
    parties,
    service_home,
)
from cuestream.bench.known import CONTACTS, IDS, Doings, Life, fill_people
from cuestream.bench.leaving import compare_people
from cuestream.bench.load import Volley
from cuestream.bench.rounds import alternate
from ingest.store import keep_days

KNOWN = (1_000_000, 10_000_000)
EXPECTED = 3_000
"""Events a second; so many are laid out for each second that a round shall take."""
_ACTIVITY = "profile.activity"
_BACK = f"SELECT coalesce(sum(next_offset), 0)::bigint AS number FROM positions WHERE topic = '{CONTACTS}'"  # noqa: S608 - our own names
_WAITING = "SELECT EXISTS (SELECT FROM outbox) AS waiting"


async def run(ceilings: Path, effort: Effort) -> Report:
    """Measure with each number of known ids, on brokers of its own or those that the environment names.

    Raises:
        FindingError: the two sides do not leave the same rows and bytes.
        UnreachableError: Kafka, PostgreSQL or one of the sides does not start.
    """
    with grounds() as on:
        return await measure(on, ceilings, effort)


async def measure(
    on: Grounds, ceilings: Path, effort: Effort, *, expected: int = EXPECTED
) -> Report:
    """As `run`, on these brokers; `expected` is the rate for which a round's events are laid out."""
    cases: list[Case] = []
    for size in effort.sizes or KNOWN:
        people = max(1, size // IDS)
        effort.say(f"filling two databases with {people:,} people, {IDS} ids each")
        ceiling = ceilings / "bare_resolve.py"
        async with parties(on, ceiling, partial(fill_people, count=people), RESOLVE) as sides:
            bench = _Bench(
                sides, effort, Life(people, on.partitions), int(effort.seconds * expected)
            )
            cases.append(await bench.backlog(f"backlog-{short(size)}"))
            written = await compare_people(sides, (_ACTIVITY, CONTACTS))
            effort.say(f"the same rows and bytes: {written} records")
    return Report("resolve", tuple(cases), machine())


@asynccontextmanager
async def _home(on: Grounds, side: str) -> AsyncIterator[Home]:
    async with service_home(on, side, "ingest") as home:
        async with opened(home) as database:
            await keep_days(database, utc_now().date())
        yield home


RESOLVE = Subject(_home, lambda _, __: (sys.executable, "-m", "ingest", "resolve"))


class _Bench:
    def __init__(self, sides: tuple[Party, Party], effort: Effort, life: Life, events: int) -> None:
        self._sides = sides
        self._effort = effort
        self._life = life
        self._events = events
        self._rounds: dict[int, Doings] = {}
        self._told = {side.name: 0 for side in sides}
        self._contacts = {side.name: 0 for side in sides}

    async def backlog(self, name: str) -> Case:
        """Everything is there before the round begins."""
        return await alternate(name, "events/s", self._sides, self._effort, self._round)

    async def _round(self, side: Party, number: int) -> Round:
        doings = self._of_round(number)
        self._told[side.name] += doings.activities
        self._contacts[side.name] += doings.contacts
        (other,) = (one for one in self._sides if one is not side)
        other.process.park()  # or its ticks and polls would be paid for by this one
        side.process.park()
        for place, records in doings.places.items():
            await side.lay(place, records)
        cpu, begun = cpu_seconds(side.process.pid), monotonic()
        side.process.go()
        await side.until("the backlog", self._through(side))
        seconds, used = monotonic() - begun, cpu_seconds(side.process.pid) - cpu
        await side.until("an empty outbox", lambda: _cleared(side))
        other.process.go()
        return Round(doings.records, Volley(seconds=seconds), used)

    def _of_round(self, number: int) -> Doings:
        """The same events for whichever side comes second."""
        known = self._rounds.pop(number, None)
        if known is None:
            known = self._rounds[number] = self._life.take(self._events)
        return known

    def _through(self, side: Party) -> Callable[[], Awaitable[bool]]:
        """Whether all is told and every contact snapshot read back. Not by the raw topic's positions: ours ticks on it."""

        async def look() -> bool:
            if sum((await side.ends(_ACTIVITY)).values()) < self._told[side.name]:
                return False
            row = await side.database.fetchrow(_BACK)
            return row is not None and row["number"] >= self._contacts[side.name]

        return look


async def _cleared(side: Party) -> bool:
    row = await side.database.fetchrow(_WAITING)
    return row is not None and not row["waiting"]
