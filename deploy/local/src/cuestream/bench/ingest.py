"""`bench ingest`: the collector beside a bare one that leaves the same records, on a real Kafka."""

from __future__ import annotations

import asyncio
import re
import tempfile
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from common.kafka import KafkaLog, connect, ensure_topics
from common.settings import KafkaSettings, load_settings
from common.streaming.ports import Fetched, Place, Reader
from cuestream.bench.figures import (
    Case,
    Effort,
    Report,
    Round,
    case_of,
    cpu_seconds,
    machine,
    rss_mib,
)
from cuestream.bench.load import fire
from cuestream.bench.sides import KEY, Side, bare, ours, publish
from cuestream.failures import FindingError
from cuestream.settings import LocalSettings
from cuestream.stack.kafka import start_kafka

TOPIC = "ingest.events"
PARTITIONS = 6
WARM_UP = 0.7
_INSTANTS = re.compile(rb"\d{4}-\d\d-\d\dT[\d:.]+Z")
_EVENT = (
    b'{"type":"track","event":"Product Added","messageId":"bench-%012d","userId":"user-%04d","timestamp":'
    b'"2026-01-01T00:00:00Z","properties":{"cart_id":"c-4711","product_id":"p-0815","sku":"G-32","category":"Games",'
    b'"name":"Monopoly: 3rd Edition","brand":"Hasbro","variant":"200 pieces","price":18.99,"quantity":1,"currency":"EUR",'
    b'"position":3,"url":"https://shop.example/product/path","image_url":"https://shop.example/product/path.jpg"},'
    b'"context":{"locale":"de-DE","page":{"path":"/product/path"},"library":{"name":"bench","version":"1.0"}},'
    b'"padding":"%s"}'
)
EVENT_BYTES = 569


@dataclass(frozen=True, slots=True)
class Load:
    """One kind of load."""

    name: str
    """Single events or batches of 100, and over how many connections."""
    connections: int
    events: int
    """In one request."""


LOADS = (
    Load("single-32", 32, 1),
    Load("single-256", 256, 1),
    Load("batch-32", 32, 100),
)


def requests(load: Load) -> Callable[[], bytes]:
    """Gives whole requests, each message with an id of its own."""
    numbers = count()
    padding = b"x" * (EVENT_BYTES - len(_EVENT % (0, 0, b"")))

    def event() -> bytes:
        number = next(numbers)
        return _EVENT % (number, number % 10_000, padding)

    def request() -> bytes:
        if load.events == 1:
            return _posted(b"/v1/track", event())
        return _posted(
            b"/v1/batch", b'{"batch":[%s]}' % b",".join(event() for _ in range(load.events))
        )

    return request


def _posted(path: bytes, body: bytes) -> bytes:
    return (
        b"POST %s HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer %s\r\ncontent-type: application/json\r\n"
        b"content-length: %d\r\n\r\n%s" % (path, KEY.encode(), len(body), body)
    )


async def run(ceilings: Path, effort: Effort) -> Report:
    """Measure all loads on a Kafka of its own, or the one that the environment names.

    Raises:
        FindingError: not every answered event arrived, or the two sides do not leave the same records.
        UnreachableError: Kafka or one of the sides does not start.
    """
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="cuestream-bench-")))
        return await measure(_kafka(stack, folder), folder, ceilings, effort)


async def measure(
    bootstrap: str,
    folder: Path,
    ceilings: Path,
    effort: Effort,
    *,
    loads: Sequence[Load] = LOADS,
) -> Report:
    """As `run`, on this Kafka; `folder` is for logs."""
    settings = KafkaSettings(
        KAFKA_BOOTSTRAP_SERVERS=bootstrap, topic_prefix="bench.", partitions=PARTITIONS
    )
    await ensure_topics(settings)
    with ExitStack() as stack:
        async with connect(settings, client="bench") as log, log.reader() as reader:
            await publish(log)
            sides = (
                ours(stack, settings, folder),
                bare(stack, ceilings / "bare_ingest.py", settings, TOPIC, folder),
            )
            bench = _Bench(log, reader, sides)
            await bench.compare()
            cases = [await bench.measure(load, effort) for load in loads]
    return Report("ingest", tuple(cases), machine())


@dataclass(frozen=True, slots=True)
class _Bench:
    log: KafkaLog
    reader: Reader
    sides: tuple[Side, Side]

    async def measure(self, load: Load, effort: Effort) -> Case:
        rounds: dict[str, list[Round]] = {side.name: [] for side in self.sides}
        for side in self.sides:
            await self._round(side, load, min(WARM_UP, effort.seconds))
        for number in range(effort.rounds):
            # Alternating who begins, so that neither always finds the warmer machine.
            for side in self.sides if number % 2 == 0 else self.sides[::-1]:
                done = await self._round(side, load, effort.seconds)
                rounds[side.name].append(done)
                effort.say(
                    f"{load.name} · round {number + 1} · {side.name} {done.rate:,.0f} events/s"
                )
        mine, ceiling = self.sides
        return case_of(
            load.name, "events/s", rounds[mine.name], rounds[ceiling.name], rss_mib(mine.pid)
        )

    async def _round(self, side: Side, load: Load, seconds: float) -> Round:
        before, cpu = await self._ends(), cpu_seconds(side.pid)
        volley = await fire(
            side.port, requests(load), connections=load.connections, seconds=seconds
        )
        used = cpu_seconds(side.pid) - cpu
        arrived = sum((await self._ends()).values()) - sum(before.values())
        units = volley.requests * load.events
        if arrived != units:
            raise FindingError(f"{side.name}: {units} events were answered, {arrived} arrived.")
        return Round(units, volley, used)

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


def _kafka(stack: ExitStack, folder: Path) -> str:
    given = load_settings(LocalSettings).kafka_bootstrap_servers
    return given or stack.enter_context(start_kafka(folder / "kafka")).bootstrap
