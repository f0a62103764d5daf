"""Where two loops are measured beside each other: one Kafka, one PostgreSQL, for each a prefix and a schema of its own."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import (
    AbstractAsyncContextManager,
    AsyncExitStack,
    ExitStack,
    asynccontextmanager,
    contextmanager,
)
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

from typing_extensions import override

from common.clock import monotonic
from common.configuration import Content
from common.contracts import load_topics
from common.ids import fresh
from common.kafka import KafkaLog, connect, ensure_topics
from common.kafka.clients import new_admin
from common.postgres import Database, migrate
from common.settings import KafkaSettings, load_settings
from common.streaming.ports import Fetched, Outgoing, Place, Publisher, Reader
from cuestream.bench.sides import check_script, publish
from cuestream.bench.small import tables
from cuestream.failures import FindingError, UnreachableError
from cuestream.settings import LocalSettings, inherited_environment
from cuestream.stack.foreground import Foreground
from cuestream.stack.kafka import start_kafka
from cuestream.stack.launch import Command, last_lines
from cuestream.stack.postgres import start_postgres
from cuestream.stack.postgres.roles import with_database

PARTITIONS = 6
PATIENCE = 120.0
"""Seconds after which a round that does not end is a finding."""
LIFE = (UUID(int=0xBE0C), datetime(2025, 1, 1, tzinfo=UTC))
"""The same life for both, because it is part of what they write."""
_LOOK = 0.01
"""Seconds between two looks at how far a side is."""


class Loops(Foreground):
    """A process that can be stopped in mid-air while work is laid out for it."""

    @override
    def is_ready(self) -> bool:
        return True  # the first work that it does says so

    def park(self) -> None:
        os.kill(self.pid, signal.SIGSTOP)

    def go(self) -> None:
        os.kill(self.pid, signal.SIGCONT)

    def check(self) -> None:
        """See that it lives.

        Raises:
            UnreachableError: it has ended.
        """
        if self._process is None or self._process.poll() is not None:
            raise UnreachableError(f"{self.name} ended:\n{last_lines(self._command.log)}")

    @override
    def stop(self, *, timeout: float = 10.0) -> None:
        """Everything it did is committed, and nobody will go on with it."""
        self.kill()


@dataclass(frozen=True, slots=True)
class Party:
    """One of the two: its process, its topics, its schema."""

    name: str
    process: Loops
    log: KafkaLog
    reader: Reader
    publisher: Publisher
    database: Database

    async def lay(self, place: Place, records: Sequence[Outgoing]) -> None:
        """Append records for it to read."""
        await self.publisher.publish(place, records)

    async def until(self, what: str, holds: Callable[[], Awaitable[bool]]) -> None:
        """Look again and again.

        Raises:
            FindingError: it takes too long.
            UnreachableError: the process has ended.
        """
        end = monotonic() + PATIENCE
        while not await holds():
            if monotonic() > end:
                raise FindingError(f"{self.name}: {what}: not within {PATIENCE:.0f} s")
            self.process.check()
            await asyncio.sleep(_LOOK)

    async def ends(self, topic: str) -> dict[Place, int]:
        """The next offset of each partition of its topic."""
        bounds = await self.reader.bounds([Place(topic, p) for p in range(self.log.partitions)])
        return {place: bound.end for place, bound in bounds.items()}

    async def read(self, topic: str, since: dict[Place, int]) -> AsyncIterator[Fetched]:
        """All records of a topic from there to its present end."""
        ends = await self.ends(topic)
        missing = sum(ends.values()) - sum(since.values())
        await self.reader.assign(since)
        end = monotonic() + PATIENCE
        while missing > 0:
            if monotonic() > end:
                raise FindingError(f"{self.name}: {topic} cannot be read to its end")
            for item in await self.reader.poll(2000, 0.2):
                missing -= 1
                yield item
        await self.reader.assign({})


@dataclass(frozen=True, slots=True)
class Grounds:
    """Kafka and PostgreSQL, and a folder for logs."""

    bootstrap: str
    database_url: str
    folder: Path
    partitions: int = PARTITIONS


@contextmanager
def grounds() -> Iterator[Grounds]:
    """What the environment names, else started here and gone afterwards.

    Raises:
        UnreachableError: Kafka or PostgreSQL does not start.
    """
    given = load_settings(LocalSettings)
    with ExitStack() as stack:
        name = stack.enter_context(tempfile.TemporaryDirectory(prefix="cuestream-bench-"))
        folder = Path(name)
        folder.chmod(0o711)  # PostgreSQL may run as another user
        bootstrap = given.kafka_bootstrap_servers
        if bootstrap is None:
            bootstrap = stack.enter_context(start_kafka(folder / "kafka")).bootstrap
        url = given.database_url
        if url is None:
            url = stack.enter_context(start_postgres(folder / "postgres")).url
        yield Grounds(bootstrap, url, folder)


@dataclass(frozen=True, slots=True)
class Home:
    """Where one side's tables are."""

    database_url: str
    schema: str


@dataclass(frozen=True, slots=True)
class Subject:
    """Which loop is measured."""

    home: Callable[[Grounds, str], AbstractAsyncContextManager[Home]]
    """Makes the tables for the side of that name, and removes them afterwards."""
    argv: Callable[[Home, str], tuple[str, ...]]
    """How the process is started there, on topics of that prefix."""


@asynccontextmanager
async def _small_home(on: Grounds, name: str) -> AsyncIterator[Home]:
    home = Home(on.database_url, f"bench_{name}")
    async with opened(home) as database:
        await database.execute(f"DROP SCHEMA IF EXISTS {home.schema} CASCADE")
        await database.execute(f"CREATE SCHEMA {home.schema}")
        try:
            for statement in tables():
                await database.execute(statement)
            await database.execute(
                "INSERT INTO incarnation (id, live_since) VALUES ($1, $2)", *LIFE
            )
            yield home
        finally:
            await database.execute(f"DROP SCHEMA {home.schema} CASCADE")


@asynccontextmanager
async def service_home(on: Grounds, side: str, service: str) -> AsyncIterator[Home]:
    """A database of its own with a service's tables: the schema's name is the service's, and a stack that is there may have one."""
    name = f"bench_{side}_{fresh().hex[:12]}"
    home = Home(with_database(on.database_url, name), service)
    async with Database.connect(
        on.database_url, schema="public", application_name="bench"
    ) as server:
        await server.execute(f"CREATE DATABASE {name}")
        try:
            await migrate(f"{service}.migrations", home.database_url)
            async with opened(home) as database:
                await database.execute("UPDATE incarnation SET id = $1, live_since = $2", *LIFE)
            yield home
        finally:
            await server.execute(f"DROP DATABASE {name} WITH (FORCE)")


SMALL = Subject(_small_home, lambda home, _: (sys.executable, "-m", "cuestream.bench.small", home.schema))  # fmt: skip
Fill = Callable[[Database], Awaitable[None]]


def opened(home: Home) -> AbstractAsyncContextManager[Database]:
    """The tables of one side."""
    return Database.connect(home.database_url, schema=home.schema, application_name="bench")


@asynccontextmanager
async def parties(
    on: Grounds, ceiling: Path, fill: Fill, subject: Subject = SMALL
) -> AsyncIterator[tuple[Party, Party]]:
    """Ours and the bare loop, both running, on tables that `fill` filled.

    Raises:
        UsageError: the bare loop is not there.
    """
    check_script(ceiling)

    def argv(home: Home, prefix: str) -> tuple[str, ...]:
        bare = (sys.executable, str(ceiling), home.database_url, home.schema)
        return (*bare, on.bootstrap, prefix, str(on.partitions))

    async with (
        party(on, "ours", subject, fill) as mine,
        party(on, "bare", Subject(subject.home, argv), fill) as bare,
    ):
        yield mine, bare


@asynccontextmanager
async def party(
    on: Grounds, name: str, subject: Subject, fill: Fill, playbooks: Sequence[Content] = ()
) -> AsyncIterator[Party]:
    """One side, running, on tables that `fill` filled."""
    # A prefix of its own, because where a log goes on whose database is new, our loop rightly stops.
    prefix = f"bench-{fresh().hex[:12]}.{name}."
    settings = KafkaSettings(
        KAFKA_BOOTSTRAP_SERVERS=on.bootstrap, topic_prefix=prefix, partitions=on.partitions
    )
    async with AsyncExitStack() as stack:
        home = await stack.enter_async_context(subject.home(on, name))
        await ensure_topics(settings)
        stack.push_async_callback(_remove_topics, settings)
        database = await stack.enter_async_context(opened(home))
        await fill(database)
        log = await stack.enter_async_context(connect(settings, client="bench"))
        reader = await stack.enter_async_context(log.reader())
        publisher = await stack.enter_async_context(log.publisher())
        await publish(log, more=playbooks)
        command = Command(
            subject.argv(home, prefix), on.folder / f"{name}.log", _told(on, home, prefix)
        )
        process = stack.enter_context(Loops(name, command))
        yield Party(name, process, log, reader, publisher, database)


async def _remove_topics(settings: KafkaSettings) -> None:
    admin = new_admin(settings, "bench")
    await admin.start()
    try:
        names = [
            settings.topic_prefix + topic.name
            for topic in load_topics(settings.partitions or PARTITIONS)
        ]
        await admin.delete_topics(names)
    finally:
        await admin.close()


def _told(on: Grounds, home: Home, prefix: str) -> dict[str, str]:
    return {
        **inherited_environment(),
        "KAFKA_BOOTSTRAP_SERVERS": on.bootstrap,
        "DATABASE_URL": home.database_url,
        "CUESTREAM_TOPIC_PREFIX": prefix,
        "CUESTREAM_PORT": "0",
        "CUESTREAM_LOG_LEVEL": "warning",
    }
