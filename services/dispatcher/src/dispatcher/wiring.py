"""The composition root of the dispatcher: what each process is made of."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AsyncExitStack
from datetime import datetime
from functools import partial
from typing import Final
from urllib.parse import urlsplit
from uuid import UUID

from pydantic import SecretStr

from common import hosting, kafka, postgres, recovery, telemetry
from common.clock import utc_now
from common.configuration.feed import ConfigurationFeed
from common.consuming import Consumer, Pace
from common.consuming.ownership import Guard, refuse_restored
from common.ids import fresh
from common.jobs import Job, Worker
from common.settings import secret_of
from common.streaming.ports import Log, Reader
from dispatcher.adapters.outlets import ConfiguredOutlets
from dispatcher.adapters.rulebook import ConfiguredRulebook, check_release
from dispatcher.adapters.smtp import SmtpTimeouts
from dispatcher.consumer import ANCHOR, LOOP, loop
from dispatcher.domain.recipient import address_hash
from dispatcher.handlers import Docket
from dispatcher.jobs import (
    Circuits,
    ContactsWatch,
    Gatekeeper,
    MailWriter,
    NoesReader,
    Sender,
    ends_since,
)
from dispatcher.ports import CONTACTS
from dispatcher.settings import (
    ApiSettings,
    ConsumeSettings,
    MigrateSettings,
    RecoverySettings,
    SendSettings,
)
from dispatcher.store import (
    SCHEMA,
    DocketBook,
    PostgresArchive,
    PostgresContactPositions,
    PostgresDeliveries,
    PostgresNoes,
    reconcile,
)

SEND = "dispatcher.send"
API = "dispatcher.api"
LANDING = 5.0
"""Seconds that a stopping sender gives the mails under way; what is left, the next owner calls unknown."""
CONSUME_PACE: Final = Pace(gather=0.15)
"""A mail's way takes longer than that: what its batches cost is left to those that decide."""


async def consume(settings: ConsumeSettings) -> None:
    """Accept requests and keep the contacts until cancelled."""
    pepper = settings.pepper

    def hashed(workspace: str, channel: str, address: str) -> str:
        return address_hash(pepper, workspace, channel, address)

    async with hosting.ground(
        settings, schema=SCHEMA, name=LOOP, validators=[check_release], pace=CONSUME_PACE
    ) as ground:
        book = DocketBook(hashed, partition_of=contacts_partition(ground.log))
        live_since = await ground.around.ledger.live_since()
        await ground.attend(Consumer(loop(book, live_since=live_since), ground.around))


def contacts_partition(log: Log) -> Callable[[UUID], int]:
    """Tells where a profile's contacts are."""
    return lambda profile_id: log.partition_for(CONTACTS, str(profile_id).encode())


async def send(settings: SendSettings) -> None:
    """Send what is due until cancelled."""
    async with (
        hosting.ground(settings, schema=SCHEMA, name=SEND, validators=[check_release]) as ground,
        AsyncExitStack() as stack,
    ):
        database, log = ground.database, ground.log
        readers = [await stack.enter_async_context(log.reader()) for _ in range(3)]
        publisher = await stack.enter_async_context(log.publisher())
        noes = NoesReader(readers[0], publisher, PostgresNoes(database), sender=str(fresh()))
        contacts = ContactsWatch(readers[1], PostgresContactPositions(database), log.partitions)
        outlets = _outlets(settings)
        stack.callback(outlets.close)
        circuits = Circuits()
        sender = Sender(
            deliveries=PostgresDeliveries(database),
            gatekeeper=Gatekeeper(
                rulebook=ConfiguredRulebook(ground.feed),
                outlets=outlets,
                circuits=circuits,
                contacts=contacts.knowledge,
                barrier_met=lambda: noes.met,
            ),
            writer=MailWriter(
                public_url=settings.public_url, secrets=_secrets(settings.token_secrets)
            ),
            circuits=circuits,
            barriers=noes,
            in_flight=settings.deliveries_in_flight,
        )
        worker = Worker(
            Job(SEND, ANCHOR, sender.step, sender.on_gained, _guard(database, readers[2])),
            ground.around,
        )
        await ground.attend(
            worker, noes.run(), contacts.run(), run=lambda: _until_landed(worker, sender)
        )


def _guard(database: postgres.Database, reader: Reader) -> Guard:
    """A sender knows from its consumer's journal that the database was set back: it keeps none itself."""
    requests = postgres.PostgresLedger(database, LOOP)

    async def guard(gained: Collection[int]) -> None:
        batches = await requests.batches(gained)
        life = await requests.incarnation()
        await refuse_restored(batches, "dispatcher.journal", life, reader, requests.batches)

    return guard


async def api(settings: ApiSettings) -> None:
    """Answer links, providers and operators until cancelled."""
    # The other processes answer nobody: without a web framework they start in two thirds of the time.
    from dispatcher.api import Edge, build  # noqa: PLC0415  as said
    from dispatcher.api.health import with_health  # noqa: PLC0415  as said

    async with AsyncExitStack() as stack:
        database = await stack.enter_async_context(
            postgres.Database.connect(
                settings.database_url,
                schema=SCHEMA,
                application_name=API,
                connections=settings.database_connections,
            )
        )
        log = await stack.enter_async_context(kafka.connect(settings, client=API))
        reader = await stack.enter_async_context(log.reader(patient=True))
        feed = ConfigurationFeed(reader)
        edge = Edge(
            withdrawals=await stack.enter_async_context(log.group_commit("contact.withdrawals")),
            commands=await stack.enter_async_context(log.group_commit("ingest.commands")),
            accepted=await stack.enter_async_context(log.group_commit("ingest.events")),
            archive=PostgresArchive(database),
            rulebook=ConfiguredRulebook(feed),
            clock=utc_now,
            secrets=_secrets(settings.token_secrets),
            admin_key_sha256=settings.admin_key_sha256,
            public_url=settings.public_url,
            hashed=partial(address_hash, settings.pepper),
        )

        async def ready() -> Mapping[str, bool | str]:
            return {"configuration": feed.ready}

        app = with_health(build(edge), telemetry.health_app(ready))
        serving = telemetry.serve(
            app,
            settings.host,
            settings.port,
            drain=settings.drain_seconds,
            trusted_proxies=settings.trusted_proxies,
        )
        await stack.enter_async_context(serving)
        await feed.run()


async def recover(task: recovery.Task, settings: RecoverySettings) -> None:
    """Fold again what was folded: to compare it, or to bring a restored database forward."""
    pepper = settings.pepper

    def hashed(workspace: str, channel: str, address: str) -> str:
        return address_hash(pepper, workspace, channel, address)

    def subject(log: Log) -> recovery.Subject[Docket]:
        book = DocketBook(hashed, partition_of=contacts_partition(log))
        return recovery.Subject(
            service=SCHEMA,
            name=LOOP,
            loop_of=lambda life: loop(book, live_since=life.live_since),
            # How a delivery goes on is the sender's doing, and no fold's.
            tables={
                "recipients": "*",
                "deliveries": "delivery_id, partition, workspace, profile_id, marketing, delivery",
            },
            jobs=(SEND,),
            reconcile=_reconcile,
        )

    await recovery.run_task(task, settings, subject)


async def _reconcile(
    database: postgres.Database, log: Log, since: datetime | None
) -> Mapping[str, int]:
    async with log.reader() as reader:
        ends = await ends_since(reader, log.partitions, since)
    return await reconcile(database, ends.ended, until=ends.until)


async def migrate(settings: MigrateSettings) -> None:
    """Bring the dispatcher's schema up to this version."""
    await postgres.migrate("dispatcher.migrations", settings.database_url)


async def _until_landed(worker: Worker, sender: Sender) -> None:
    """Run the worker; when stopped, let what is under way land before its ownership ends."""
    running = asyncio.create_task(worker.run())
    try:
        await asyncio.wait({running})
    finally:
        sender.finish()
        landing = asyncio.create_task(sender.finished())
        await asyncio.wait({running, landing}, timeout=LANDING, return_when=asyncio.FIRST_COMPLETED)
        landing.cancel()
        running.cancel()
        await asyncio.wait({running, landing})
        await sender.close()
    running.result()


def _outlets(settings: SendSettings) -> ConfiguredOutlets:
    url = settings.smtp_url
    return ConfiguredOutlets(
        smtp_url=url.get_secret_value() if url else None,
        local=settings.local,
        secret_of=secret_of,
        hello=urlsplit(settings.public_url).hostname or "localhost",
        connections=settings.smtp_connections,
        timeouts=SmtpTimeouts(
            connect=settings.smtp_connect_seconds,
            command=settings.smtp_command_seconds,
            acceptance=settings.smtp_acceptance_seconds,
        ),
    )


def _secrets(secrets: Sequence[SecretStr]) -> list[bytes]:
    return [secret.get_secret_value().encode() for secret in secrets]
