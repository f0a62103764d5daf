"""`bench ingest`: the collector beside a bare one that leaves the same records, on a real Kafka."""

from __future__ import annotations

import asyncio
import re
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import msgspec

from common.kafka import KafkaLog, connect, ensure_topics
from common.settings import KafkaSettings, load_settings
from common.streaming.ports import Fetched, Place, Reader
from cuestream.bench.door import TIGHT, TIGHT_FILE, in_force
from cuestream.bench.figures import (
    Case,
    Effort,
    Report,
    Round,
    Share,
    case_of,
    cpu_seconds,
    machine,
    rss_mib,
    tree,
)
from cuestream.bench.load import Volley, fire
from cuestream.bench.sending import LOADS, Load, requests
from cuestream.bench.sides import Side, bare, ours, publish
from cuestream.bench.wrk import Wrk, find_wrk
from cuestream.failures import FindingError
from cuestream.settings import LocalSettings
from cuestream.stack.kafka import start_kafka

TOPIC = "ingest.events"
PARTITIONS = 6
WARM_UP = 0.7
OWN_GENERATOR = "our own, in Python: wrk is not to be had here"
_INSTANTS = re.compile(rb"\d{4}-\d\d-\d\dT[\d:.]+Z")
_QUIET = (3, 0.1)
"""So many looks, so many seconds apart, that find nothing new: what a client hung up on has arrived."""


async def run(ceilings: Path, effort: Effort) -> Report:
    """Measure all loads on a Kafka of its own, or the one that the environment names.

    Raises:
        FindingError: not every answered event arrived, or the two sides do not leave the same records.
        UnreachableError: Kafka or one of the sides does not start.
    """
    settings = load_settings(LocalSettings)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="cuestream-bench-")))
        given = settings.kafka_bootstrap_servers
        bootstrap = given or stack.enter_context(start_kafka(folder / "kafka")).bootstrap
        wrk = await asyncio.to_thread(find_wrk, settings.cache, effort.say)
        return await measure(bootstrap, folder, ceilings, effort, wrk=wrk)


async def measure(
    bootstrap: str,
    folder: Path,
    ceilings: Path,
    effort: Effort,
    *,
    wrk: Wrk | None = None,
    loads: Sequence[Load] = LOADS,
) -> Report:
    """As `run`, on this Kafka; `folder` is for logs; without `wrk` the load is our own."""
    settings = KafkaSettings(
        KAFKA_BOOTSTRAP_SERVERS=bootstrap, topic_prefix="bench.", partitions=PARTITIONS
    )
    await ensure_topics(settings)
    with ExitStack() as stack:
        async with connect(settings, client="bench") as log, log.reader() as reader:
            await publish(log)
            await publish(log, TIGHT, TIGHT_FILE, None)
            sides = (
                ours(stack, settings, folder),
                bare(stack, ceilings / "bare_ingest.py", settings, TOPIC, folder),
            )
            rules = await asyncio.to_thread(in_force, sides[0].port)
            bench = _Bench(log, reader, sides, wrk)
            await bench.compare()
            cases = [await bench.measure(load, effort) for load in loads]
    generator = OWN_GENERATOR if wrk is None else wrk.name
    return Report("ingest", tuple(cases), machine(), generator, rules)


@dataclass(frozen=True, slots=True)
class _Bench:
    log: KafkaLog
    reader: Reader
    sides: tuple[Side, Side]
    wrk: Wrk | None

    async def measure(self, load: Load, effort: Effort) -> Case:
        rounds: dict[str, list[Round]] = {side.name: [] for side in self.sides}
        for side in self.sides:
            await self._round(side, load, min(WARM_UP, effort.seconds))
        mine, ceiling = self.sides
        before = _cpu(mine)
        for number in range(effort.rounds):
            # Alternating who begins, so that neither always finds the warmer machine.
            for side in self.sides if number % 2 == 0 else self.sides[::-1]:
                done = await self._round(side, load, effort.seconds)
                rounds[side.name].append(done)
                effort.say(
                    f"{load.name} · round {number + 1} · {side.name} {done.rate:,.0f} events/s"
                )
        case = case_of(
            load.name, "events/s", rounds[mine.name], rounds[ceiling.name], rss_mib(mine.pid)
        )
        units = sum(done.units for done in rounds[mine.name])
        return msgspec.structs.replace(case, processes=_shares(mine, before, units))

    async def _round(self, side: Side, load: Load, seconds: float) -> Round:
        before, cpu = await self._ends(), cpu_seconds(side.pid)
        volley = await self._fired(side, load, seconds)
        used = cpu_seconds(side.pid) - cpu
        await self._settled(volley)
        arrived = sum((await self._ends()).values()) - sum(before.values())
        units = volley.requests * load.events
        if not units <= arrived <= units + volley.unfinished * load.events:
            raise FindingError(f"{side.name}: {units} events were answered, {arrived} arrived.")
        return Round(units, volley, used)

    async def _fired(self, side: Side, load: Load, seconds: float) -> Volley:
        if self.wrk is not None:
            return await self.wrk.fire(side.port, load, seconds)
        return await fire(side.port, requests(load), connections=load.connections, seconds=seconds)

    async def _settled(self, volley: Volley) -> None:
        looks, apart = _QUIET
        quiet, known = 0 if volley.unfinished else looks, await self._ends()
        while quiet < looks:
            await asyncio.sleep(apart)
            now = await self._ends()
            quiet, known = (quiet + 1 if now == known else 0), now

    async def _ends(self) -> dict[Place, int]:
        bounds = await self.reader.bounds([Place(TOPIC, p) for p in range(self.log.partitions)])
        return {place: bound.end for place, bound in bounds.items()}

    async def compare(self) -> None:
        """Both sides leave the same records, but for the instants, the trace and the order of headers."""
        left = [await self._left_by(side) for side in self.sides]
        if left[0] != left[1]:
            raise FindingError("The bare collector does not leave the records that ours leaves.")

    async def _left_by(self, side: Side) -> list[tuple[object, ...]]:
        before = await self._ends()
        for load in LOADS[1:]:
            request = requests(load)
            await fire(side.port, request, connections=1, seconds=0)
        await self.reader.assign(before)
        missing = sum((await self._ends()).values()) - sum(before.values())
        found: list[Fetched] = []
        async with asyncio.timeout(20):
            while len(found) < missing:
                found += await self.reader.poll(500, 0.2)
        return sorted(_comparable(record) for record in found)


def _comparable(record: Fetched) -> tuple[object, ...]:
    value = _INSTANTS.sub(b"", record.value or b"")
    return (
        record.place,
        record.key,
        value,
        sorted(record.headers),
        len(record.headers["traceparent"]),
    )


def _cpu(side: Side) -> list[float]:
    return [sum(process.cpu_times()[:2]) for process in tree(side.pid)]


def _shares(side: Side, before: Sequence[float], units: int) -> dict[str, Share]:
    """What the parent and each worker take; no worker ended meanwhile, or answers would be missing."""
    names = ["parent", *(f"worker-{number + 1}" for number in range(len(before) - 1))]
    return {
        name: Share(
            cpu_s_per_1000=round(1000 * (used - begun) / units, 4),
            rss_mib=round(process.memory_info().rss / 1024 / 1024, 1),
        )
        for name, process, used, begun in zip(
            names, tree(side.pid), _cpu(side), before, strict=True
        )
    }
