"""A process that answers: alone, or as one of several workers on one port."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import AsyncExitStack

from common import kafka, telemetry
from common.clock import monotonic, utc_now
from common.configuration.feed import ConfigurationFeed
from common.ids import fresh
from common.kafka import GroupCommit, KafkaLog, tracing
from common.settings import secret_of
from ingest.api.app import Gate, build
from ingest.api.collector import Collector
from ingest.api.hooks import Hooks
from ingest.api.keys import Keyring, check_workspace
from ingest.api.pacing import Pacing
from ingest.api.records import TOPIC
from ingest.api.refusing import Refusals
from ingest.api.storing import Store
from ingest.settings import ApiSettings
from ingest.wiring.workers import Lifeline

CLIENT = "ingest.api"
QUARANTINE = TOPIC + ".quarantine"
REFUSALS = "ingest.refusals"
_MIB = 1024 * 1024


async def worker(settings: ApiSettings, port: int, descriptor: int) -> None:
    """As one of several: on the parent's port, and only as long as the parent's pipe is open."""
    with Lifeline(descriptor, settings.prometheus_multiproc_dir).held():
        await answer(settings.model_copy(update={"port": port}), shared=True)


async def answer(settings: ApiSettings, *, shared: bool = False) -> None:
    """Listen at once, so that clients meet a 503 and not a closed door while Kafka is away."""
    gate = Gate(settings.deadline_seconds)
    # The stack is left last: requests under way still find Kafka while the server ends.
    async with (
        AsyncExitStack() as stack,
        telemetry.serve(
            gate,
            settings.host,
            settings.port,
            shared=shared,
            drain=settings.drain_seconds,
            trusted_proxies=settings.trusted_proxies,
        ),
    ):
        log = await stack.enter_async_context(kafka.connect(settings, client=CLIENT))
        reader = await stack.enter_async_context(log.reader(patient=True))
        feed = ConfigurationFeed(reader, validators=[check_workspace])
        refusals = Refusals(await _end_of(REFUSALS, stack, log, settings), utc_now, fresh)
        collector = await _collector(stack, log, settings, feed, refusals)

        async def ready() -> Mapping[str, bool | str]:
            return {"configuration": feed.ready}

        directory = settings.prometheus_multiproc_dir
        app = build(collector, telemetry.health_app(ready), counters=directory)
        async with asyncio.TaskGroup() as group:
            group.create_task(feed.run())
            group.create_task(refusals.run())
            await feed.wait_ready()
            gate.open(app)


async def _collector(
    stack: AsyncExitStack,
    log: KafkaLog,
    settings: ApiSettings,
    feed: ConfigurationFeed,
    refusals: Refusals,
) -> Collector:
    shares = settings.worker_count * settings.replicas
    pacing = Pacing(shares, monotonic, settings.queue_mib * _MIB, refusals.refused)
    events = await _end_of(TOPIC, stack, log, settings)
    quarantine = await _end_of(QUARANTINE, stack, log, settings)
    store = Store(events, quarantine, utc_now, tracing.begun)
    return Collector(
        keyring=Keyring(lambda: feed.current, local=settings.local),
        pacing=pacing,
        store=store,
        refusals=refusals,
        public_url=settings.public_url,
        hooks=Hooks(
            pacing=pacing,
            store=store,
            public_url=settings.public_url,
            secret_of=secret_of,
        ),
    )


async def _end_of(
    topic: str, stack: AsyncExitStack, log: KafkaLog, settings: ApiSettings
) -> GroupCommit:
    return await stack.enter_async_context(
        log.group_commit(
            topic, deadline=settings.deadline_seconds, queue_bytes=settings.queue_mib * _MIB
        )
    )
