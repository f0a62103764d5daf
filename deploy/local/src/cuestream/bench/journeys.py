"""`bench journeys`: the rules alone, then `orchestrator consume` with few and with many playbooks, and with many passages waiting."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

import msgspec

from common.clock import monotonic, utc_now
from common.contracts import decode_event
from common.contracts.decisions import DecisionMade
from common.streaming.ports import Outgoing, Place
from cuestream.bench.backlog import BEGUN, PROFILES, Backlog, fill_profiles
from cuestream.bench.figures import (
    Case,
    Effort,
    Report,
    Round,
    Share,
    alone,
    cpu_seconds,
    machine,
    rss_mib,
    short,
)
from cuestream.bench.grounds import SMALL, Grounds, Party, Subject, grounds, party, service_home
from cuestream.bench.load import Volley
from cuestream.bench.pending import state
from cuestream.bench.repertoire import SHOPS, playbooks
from cuestream.bench.rounds import alternate
from cuestream.bench.shoppers import NAMES, activity, fill_shoppers, in_lots, library_of, sample

MANY = 1_000
"""Playbooks in force at once."""
WAITING = (1_000_000,)
EXPECTED = 6_000
"""Events a second; so many are laid out for each second that a round shall take."""
_RATE = 1_000
"""Passages a second that become due, of those that wait."""
_STATED = 0.25
"""Seconds between two statements of progress, as resolve makes them."""
_DAY = timedelta(days=1)
_NEVER = BEGUN + timedelta(days=3650)
_DECISIONS = "decisions"
_DONE = (
    "SELECT coalesce((SELECT sum(next_offset) FROM positions WHERE topic = 'profile.activity'), 0)::bigint AS read,"
    " EXISTS (SELECT FROM outbox) AS unpublished"
)
CONSUME = Subject(
    lambda on, side: service_home(on, side, "orchestrator"),
    lambda _, __: (sys.executable, "-m", "orchestrator", "consume"),
)


async def run(_: Path, effort: Effort) -> Report:
    """Measure on brokers of its own, or those that the environment names; `effort.sizes` is how many passages wait.

    Raises:
        FindingError: something is not done in time.
        UnreachableError: Kafka, PostgreSQL or one of the sides does not start.
    """
    with grounds() as on:
        return await measure(on, effort)


async def measure(
    on: Grounds,
    effort: Effort,
    *,
    profiles: int = PROFILES,
    expected: int = EXPECTED,
    many: int = MANY,
) -> Report:
    """As `run`, on these brokers; `expected` is the rate for which a round's events are laid out."""
    cases = [_advanced(effort, SHOPS), _advanced(effort, many)]
    few = partial(_shop, on, "few", profiles, SHOPS)
    crowded = partial(_shop, on, "many", profiles, many)
    loop = partial(party, on, "loop", SMALL, lambda db: fill_profiles(db, profiles, on.partitions))
    for name, ours, theirs in (
        (f"consume-{SHOPS}", few, loop),
        (f"consume-{many}", crowded, few),
    ):
        async with ours() as side, theirs() as other:
            backlog = Backlog(profiles, on.partitions, names=NAMES)
            rounds = _Rounds(effort, backlog, int(effort.seconds * expected))
            cases.append(await rounds.of(name, (side, other)))
    cases += [await _waited(on, effort, waiting) for waiting in effort.sizes or WAITING]
    return Report("journeys", tuple(cases), machine())


def _shop(on: Grounds, name: str, profiles: int, count: int) -> AbstractAsyncContextManager[Party]:
    """`orchestrator consume` with so many playbooks, and customers who were here before."""
    contents = playbooks(count)
    like = sample(library_of(contents), rests=False)
    return party(
        on, name, CONSUME, lambda db: fill_shoppers(db, like, profiles, on.partitions), contents
    )


def _advanced(effort: Effort, count: int) -> Case:
    """The rules alone, in this process: what customers do, folded."""
    library = library_of(playbooks(count))
    lives = [sample(library, rests=False) for _ in range(100)]
    done: list[Round] = []
    for round_ in range(effort.rounds + 1):
        events, cpu, begun = 0, cpu_seconds(os.getpid()), monotonic()
        while monotonic() < begun + effort.seconds / 3:
            for life in lives:
                events += 1
                name = NAMES[events % len(NAMES)]
                at = BEGUN + _DAY * round_ + timedelta(milliseconds=events)
                life.now = at
                life.learns(activity(life.who, name, at))
                life.told.clear()
        seconds, used = monotonic() - begun, cpu_seconds(os.getpid()) - cpu
        if round_:
            done.append(Round(events, Volley(seconds=seconds), used))
    effort.say(f"advance-{count} · {done[-1].rate:,.0f} events/s")
    return alone(f"advance-{count}", "events/s", done, rss_mib(os.getpid()))


@dataclass(slots=True)
class _Rounds:
    effort: Effort
    backlog: Backlog
    events: int

    async def of(self, name: str, sides: tuple[Party, Party]) -> Case:
        """Both sides with the same events, laid out before the round begins."""
        laid = {side.name: 0 for side in sides}
        known: dict[int, dict[Place, list[Outgoing]]] = {}

        async def one(side: Party, number: int) -> Round:
            events = known.pop(number, None)
            if events is None:
                events = known[number] = self.backlog.take(self.events)
            side.process.park()
            for place, records in events.items():
                await side.lay(place, records)
            laid[side.name] += self.events
            cpu, begun = cpu_seconds(side.process.pid), monotonic()
            side.process.go()
            await side.until("the backlog", _through(side, laid[side.name]))
            seconds, used = monotonic() - begun, cpu_seconds(side.process.pid) - cpu
            return Round(self.events, Volley(seconds=seconds), used)

        return await alternate(name, "events/s", sides, self.effort, one)


def _through(side: Party, laid: int) -> Callable[[], Awaitable[bool]]:
    async def look() -> bool:
        row = await side.database.fetchrow(_DONE)
        return row is not None and row["read"] >= laid and not row["unpublished"]

    return look


async def _waited(on: Grounds, effort: Effort, waiting: int) -> Case:
    """So many passages wait, a thousand a second are due, virtual time goes with the clock."""
    contents = playbooks(SHOPS)
    count = max(1, min(int(effort.seconds * _RATE), waiting // (effort.rounds + 1)))
    due = in_lots(BEGUN + _DAY, timedelta(seconds=1 / _RATE), _NEVER, count, effort.rounds + 1)
    like = sample(library_of(contents), rests=True)
    effort.say(f"filling tables with {waiting:,} passages")
    async with party(
        on,
        "waiting",
        CONSUME,
        lambda db: fill_shoppers(db, like, waiting, on.partitions, due),
        contents,
    ) as side:
        done: list[Round] = []
        sizes: list[float] = []
        for number in range(effort.rounds + 1):
            begun = BEGUN + (number + 1) * _DAY
            fired = await _trickled(side, begun, count)
            effort.say(f"waiting · round {number} · {fired.rate:,.0f} passages/s")
            sizes.append(rss_mib(side.process.pid))
            if number:
                done.append(fired)
        case = alone(f"waiting-{short(waiting)}", "passages/s", done, sizes[-1])
        share = Share(case.cpu_s_per_1000, sizes[-1], round(sizes[-1] / sizes[0], 3))
        return msgspec.structs.replace(case, processes={"consume": share})


async def _trickled(side: Party, begun: datetime, count: int) -> Round:
    """Late is what is decided after its time."""
    since = await side.ends(_DECISIONS)
    expected = sum(since.values()) + count
    cpu, started, at = cpu_seconds(side.process.pid), monotonic(), utc_now()

    async def all_decided() -> bool:
        return sum((await side.ends(_DECISIONS)).values()) >= expected

    for step in range(int(count / _RATE / _STATED) + 2):
        await asyncio.sleep(max(0.0, started + step * _STATED - monotonic()))
        await state(side, begun + step * timedelta(seconds=_STATED))
    await side.until("all passages of a round", all_decided)
    seconds, used = monotonic() - started, cpu_seconds(side.process.pid) - cpu
    late = [
        (item.appended_at - at - (decided - begun)).total_seconds()
        async for item in side.read(_DECISIONS, since)
        if (decided := decode_event(item.value or b"").payload(DecisionMade).due_at)
    ]
    return Round(count, Volley(seconds=seconds, latencies=late), used)
