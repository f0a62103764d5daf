"""`bench chain`: events through all services of a stack, and how old one is when its decision is there."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from statistics import median
from urllib.parse import urlsplit
from uuid import UUID

from common.clock import monotonic
from common.contracts import decode_event
from common.kafka import KafkaLog, connect
from common.postgres import Database
from common.settings import KafkaSettings
from common.streaming.ports import Place, Reader
from cuestream.bench.crier import Crier
from cuestream.bench.crowd import crowd, user
from cuestream.bench.figures import (
    Case,
    Effort,
    Report,
    Share,
    cpu_seconds,
    machine,
    percentiles,
    rss_mib,
    short,
)
from cuestream.bench.grounds import PATIENCE
from cuestream.bench.shop import MEMBERS, Visitors, publish_into
from cuestream.bench.sides import KEY, WORKSPACE
from cuestream.failures import FindingError
from cuestream.stack.client import find_stack, order
from cuestream.stack.layout import Layout
from cuestream.stack.running import run_beside

PROFILES = (10_000, 1_000_000, 10_000_000)
LOADS = (20, 50, 80)
"""Per cent of the highest rate."""
EXPECTED = 1_000
"""Events a second; so many are sent for each second that the search for the highest rate shall take."""
_SERVICES = ("ingest", "scoring", "orchestrator", "dispatcher")
_ACTIVITY, _DECISIONS = "profile.activity", "decisions"
_NOT_OURS = frozenset({"kafka", "postgres", "mailbox"})
_READ = f"SELECT coalesce(sum(next_offset), 0)::bigint AS number FROM positions WHERE topic = '{_ACTIVITY}'"  # noqa: S608 - our own names
_OPEN = "SELECT count(*) AS number FROM deliveries WHERE state IN ('planned', 'claimed', 'transmitting')"
_KNOWN = f"SELECT count(*) AS number FROM recipients WHERE workspace = '{WORKSPACE}'"  # noqa: S608 - as above
_OUTBOX = "SELECT count(*) AS number FROM outbox"
_WARM = 5
"""Events of the sample, so that its rows look like those of somebody who was here before."""


async def run(_: Path, effort: Effort) -> Report:
    """Measure with each number of profiles; there is no bare loop to compare with.

    Raises:
        FindingError: not every trigger led to a decision.
        UnreachableError: the stack does not come up.
    """
    cases: list[Case] = []
    for profiles in effort.sizes or PROFILES:
        with own_stack() as layout:
            async with chained(layout, profiles, effort) as chain:
                await chain.settle_in()
                cases += await chain.cases()
    return Report("chain", tuple(cases), machine())


@contextmanager
def own_stack() -> Iterator[Layout]:
    """A whole stack with the bench's workspace, gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="cuestream-bench-") as name:
        folder = Path(name)
        folder.chmod(0o711)  # PostgreSQL may run as another user
        publish_into(folder / "published")
        layout = Layout(folder / "stack")
        arguments = ["--data", str(layout.root), "--workspaces", str(folder / "published")]
        with run_beside(arguments, layout, lambda _: None):
            yield layout


@asynccontextmanager
async def chained(layout: Layout, profiles: int, effort: Effort) -> AsyncIterator[Chain]:
    """All services of a stack that is up, knows the bench's workspace, and has nothing else to do."""
    found = find_stack(layout)
    settings = KafkaSettings(KAFKA_BOOTSTRAP_SERVERS=found.endpoints["kafka"])
    port = urlsplit(found.endpoints["ingest"]).port or 80
    async with AsyncExitStack() as stack:
        databases = {
            service: await stack.enter_async_context(
                Database.connect(
                    found.endpoints["postgres"], schema=service, application_name="bench"
                )
            )
            for service in _SERVICES
        }
        log = await stack.enter_async_context(connect(settings, client="bench"))
        reader = await stack.enter_async_context(log.reader())
        decided = _Decided(await stack.enter_async_context(log.reader()))
        crier = Crier(port, KEY)
        following = asyncio.create_task(decided.follow(log.partitions))
        try:
            yield Chain(layout, profiles, effort, databases, log, reader, decided, crier)
        finally:
            following.cancel()


@dataclass(slots=True)
class _Decided:
    """Which accepted events led to a decision, and when it was appended."""

    reader: Reader
    at: dict[UUID, datetime] = field(default_factory=dict)

    async def follow(self, partitions: int) -> None:
        await self.reader.assign({Place(_DECISIONS, p): 0 for p in range(partitions)})
        while True:
            for item in await self.reader.poll(2000, 0.05):
                event = decode_event(item.value or b"")
                self.at.setdefault(event.correlationid, item.appended_at)


@dataclass(slots=True)
class Chain:
    layout: Layout
    profiles: int
    effort: Effort
    databases: Mapping[str, Database]
    log: KafkaLog
    reader: Reader
    decided: _Decided
    crier: Crier

    async def settle_in(self) -> None:
        """Let the sample and the members come in, then copy the sample."""
        visitors = Visitors(1, "first")
        known = await self.activities()
        await self.crier.at_once(lambda: visitors.event(user(0)), _WARM)
        await self.through(visitors, known + _WARM)
        members = iter(range(MEMBERS))
        await self.crier.at_once(lambda: visitors.identify(next(members)), MEMBERS)
        await self._until("all members are known", self._knows_members)
        await self.through(visitors, await self.activities())
        self.effort.say(f"filling the tables with {self.profiles:,} profiles")
        await crowd(self.databases, user(0), self.profiles, self.log.partitions)

    async def cases(self) -> list[Case]:
        """The highest rate, then three steady loads below it."""
        word = short(self.profiles)
        highest = await self._highest(f"highest-{word}")
        return [
            highest,
            *[
                await self._steady(f"load-{percent}-{word}", highest.rate * percent / 100)
                for percent in LOADS
            ],
        ]

    async def _highest(self, name: str) -> Case:
        """Send as fast as the collector takes it, and wait until all of it is through."""
        count = int(self.effort.seconds * EXPECTED)
        rates: list[float] = []
        before = self._cpu()
        for number in range(self.effort.rounds):
            visitors = Visitors(self.profiles, f"{name}-{number}")
            known, begun = await self.activities(), monotonic()
            await self.crier.at_once(visitors.event, count)
            await self.through(visitors, known + count)
            rates.append(count / (monotonic() - begun))
            self.effort.say(f"{name} · round {number + 1} · {rates[-1]:,.0f} events/s")
        return _case(name, rates, self._shares(before, count * len(rates)))

    async def _steady(self, name: str, rate: float) -> Case:
        visitors = Visitors(self.profiles, name)
        seconds = self.effort.seconds * self.effort.rounds
        before, begun = self._cpu(), monotonic()
        sent = await self.visited(visitors, rate, seconds)
        took = monotonic() - begun
        waits = [
            (self.decided.at[event_id] - at).total_seconds()
            for event_id, at in visitors.triggers.items()
        ]
        case = _case(name, [sent / took], self._shares(before, sent), waits)
        self.effort.say(f"{name} · {case.rate:,.0f} events/s · {case.p50_ms} and {case.p99_ms} ms")
        return case

    async def visited(self, visitors: Visitors, rate: float, seconds: float) -> int:
        """Send at a steady rate and wait until all of it is through; returns how many events that were."""
        known = await self.activities()
        sent = await self.crier.paced(visitors.event, rate, seconds)
        await self.through(visitors, known + sent)
        return sent

    async def through(self, visitors: Visitors, activities: int) -> None:
        """Wait until every event is folded everywhere, every trigger decided and every mail on its way."""

        async def is_through() -> bool:
            return (
                visitors.triggers.keys() <= self.decided.at.keys()
                and await self.activities() == activities
                and await self._read("scoring") == activities
                and await self._read("orchestrator") == activities
                and await self._number("dispatcher", _OPEN) == 0
            )

        await self._until("everything is through", is_through)

    async def _until(self, what: str, holds: Callable[[], Awaitable[bool]]) -> None:
        end = monotonic() + PATIENCE
        while not await holds():
            if monotonic() > end:
                raise FindingError(f"{what}: not within {PATIENCE:.0f} s")
            await asyncio.sleep(0.05)

    async def _knows_members(self) -> bool:
        # Their activities leave resolve together with their contacts, but may be on the log a moment later.
        known = await self._number("dispatcher", _KNOWN) == MEMBERS
        return known and await self._number("ingest", _OUTBOX) == 0

    async def activities(self) -> int:
        places = [Place(_ACTIVITY, p) for p in range(self.log.partitions)]
        return sum(bound.end for bound in (await self.reader.bounds(places)).values())

    async def _read(self, service: str) -> int:
        return await self._number(service, _READ)

    async def _number(self, service: str, statement: str) -> int:
        row = await self.databases[service].fetchrow(statement)
        return 0 if row is None else int(row["number"])

    def _cpu(self) -> dict[str, float]:
        return {name: cpu_seconds(pid) for name, pid in self.pids().items()}

    def _shares(self, before: Mapping[str, float], events: int) -> dict[str, Share]:
        return {
            name: Share(
                cpu_s_per_1000=round(1000 * (cpu_seconds(pid) - before[name]) / events, 4),
                rss_mib=round(rss_mib(pid), 1),
            )
            for name, pid in self.pids().items()
        }

    def pids(self) -> dict[str, int]:
        processes = order(self.layout, "status").processes
        return {p.name: p.pid for p in processes if p.pid is not None}


def _case(
    name: str, rates: Sequence[float], shares: dict[str, Share], waits: Sequence[float] = ()
) -> Case:
    p50, p99 = percentiles(waits)
    rate = median(rates)
    ours = [share for process, share in shares.items() if process not in _NOT_OURS]
    return Case(
        case=name,
        unit="events/s",
        rate=round(rate, 1),
        ceiling_rate=None,
        ratio=None,
        spread=round((max(rates) - min(rates)) / rate, 3),
        cpu_s_per_1000=round(sum(share.cpu_s_per_1000 for share in ours), 4),
        rss_mib=round(sum(share.rss_mib for share in ours), 1),
        p50_ms=p50,
        p99_ms=p99,
        processes=shares,
    )
