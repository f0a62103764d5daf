"""A small installation on a real Kafka for one test: topics of its own, what others would write, what came out."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Coroutine, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from common.clock import utc_now
from common.configuration import Content
from common.contracts import Event, Payload, decode_event, encode_event, event_bytes
from common.contracts.configuration import ConfigurationPublished, ConfigurationReleased
from common.contracts.ingestion import IngestProgressed
from common.ids import derive, fresh
from common.kafka import KafkaLog, connect, ensure_topics
from common.settings import KafkaSettings
from common.streaming.ports import Bounds, Outgoing, Place, Reader

P = TypeVar("P", bound=Payload)

PATIENCE = 20.0
"""Seconds to wait for a record before the test fails."""


class Installation:
    """Stands in for the services around the one under test."""

    def __init__(self, settings: KafkaSettings, log: KafkaLog) -> None:
        self.settings = settings
        self.log = log
        self._written = 0

    async def append(
        self, payload: Payload, subject: UUID | str, *, workspace: str = "shop", topic: str = ""
    ) -> None:
        """Append as a foreign producer would: without origin and sequence."""
        self._written += 1
        event = encode_event(
            payload,
            id=derive("installation", self._written),
            source="/test",
            subject=str(subject),
            time=utc_now(),
            workspace=workspace,
            correlationid=derive("installation", self._written),
        )
        key = str(subject).encode()
        name = topic or payload.TOPICS[0]
        place = Place(name, self.log.partition_for(name, key))
        async with self.log.publisher() as publisher:
            await publisher.publish(place, [Outgoing(key, event_bytes(event))])

    async def configure(
        self, workspace: str, contents: Sequence[Content], *, number: int = 1, **says: Any
    ) -> None:
        """Publish a release; a process takes it only if its number is higher than that in force.

        `says` is what it says of passages under way.
        """
        for content in contents:
            published = ConfigurationPublished(
                kind=content.kind, name=content.name, hash=content.hash, files=dict(content.files)
            )
            await self.append(published, content.key, workspace=workspace)
        released = ConfigurationReleased(
            number=number,
            contents=tuple(sorted(content.key for content in contents)),
            live=False,
            published_at=utc_now(),
            published_by="test",
            **says,
        )
        await self.append(released, f"release/{workspace}", workspace=workspace)

    async def pass_time(self, until: datetime) -> None:
        """Let resolve say of every raw partition that it was read up to there: timers due before may fire."""
        for partition in range(self.log.partitions):
            statement = IngestProgressed(
                partition=partition,
                until=until,
                origin=f"test/{partition}",
                sequences=(0,) * self.log.partitions,
            )
            await self.append(statement, str(partition))

    async def events(self, topic: str) -> list[Event]:
        """All that the topic holds now, by partition and offset."""
        async with self.log.reader() as reader:
            bounds = await self._rewind(reader, topic)
            missing = sum(bound.end - bound.begin for bound in bounds)
            found: list[Event] = []
            while len(found) < missing:
                found.extend(await _polled(reader))
        return found

    async def wait_for(self, kind: type[P], *, count: int = 1) -> list[P]:
        """The payloads of a type on its topic, once there are so many.

        Raises:
            TimeoutError: they did not come.
        """
        found: list[P] = []

        def enough(events: Sequence[Event]) -> bool:
            found.extend(event.payload(kind) for event in events if event.type == kind.TYPE)
            return len(found) >= count

        await self.until(kind.TOPICS[0], enough)
        return found

    async def until(
        self,
        topic: str,
        enough: Callable[[Sequence[Event]], bool],
        *,
        patience: float = PATIENCE,
    ) -> None:
        """Read a topic from its begin until `enough` says so, which is given each event once, in rows.

        Raises:
            TimeoutError: it did not.
        """
        async with asyncio.timeout(patience), self.log.reader() as reader:
            await self._rewind(reader, topic)
            while not enough(await _polled(reader)):
                pass

    async def _rewind(self, reader: Reader, topic: str) -> Collection[Bounds]:
        bounds = await reader.bounds([Place(topic, p) for p in range(self.log.partitions)])
        await reader.assign({place: bound.begin for place, bound in bounds.items()})
        return bounds.values()


async def _polled(reader: Reader) -> list[Event]:
    return [decode_event(item.value or b"") for item in await reader.poll(500, 0.2)]


@asynccontextmanager
async def installed(bootstrap: str, *, partitions: int = 2) -> AsyncIterator[Installation]:
    """Create all topics under a prefix of their own."""
    settings = KafkaSettings(
        KAFKA_BOOTSTRAP_SERVERS=bootstrap,
        topic_prefix=f"t{fresh().hex[:8]}.",
        partitions=partitions,
    )
    await ensure_topics(settings)
    async with AsyncExitStack() as stack:
        log = await stack.enter_async_context(connect(settings, client="test"))
        yield Installation(settings, log)


@asynccontextmanager
async def running(process: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Run a process of the service beside the body, and stop it afterwards; what breaks it breaks the body at once."""
    async with asyncio.TaskGroup() as group:
        task = group.create_task(process)
        yield
        task.cancel()
