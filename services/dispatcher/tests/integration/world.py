"""The dispatcher on a real PostgreSQL, a log in memory, and an SMTP server that does as it is told."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

from typing_extensions import override

from common.clock import monotonic, utc_now
from common.configuration import Configuration, Release, content_of
from common.consuming import Consumer, Pace, Surroundings
from common.contracts import Payload, decode_event, encode_event, event_bytes
from common.contracts.actions import Kind
from common.contracts.deliveries import DeliveryStatus
from common.contracts.ingestion import IngestProgressed
from common.contracts.profiles import ContactChanged
from common.ids import derive, fresh
from common.jobs import Job, Worker
from common.postgres import Database, PostgresLedger
from common.streaming.ports import Outgoing, Place
from common.testing.log import FakeLog
from common.testing.settled import Settled
from common.testing.smtp import ScriptedSmtpServer
from dispatcher.adapters.rulebook import ConfiguredRulebook
from dispatcher.adapters.smtp import SmtpEmailProvider, SmtpServer, SmtpTimeouts
from dispatcher.api import Edge
from dispatcher.consumer import ANCHOR, LOOP, loop
from dispatcher.domain.recipient import address_hash
from dispatcher.domain.rules import Rules
from dispatcher.jobs import (
    Circuits,
    ContactsWatch,
    Gatekeeper,
    MailWriter,
    NoesReader,
    Sender,
)
from dispatcher.ports import EmailProvider, Outlets
from dispatcher.store import (
    DocketBook,
    PostgresArchive,
    PostgresContactPositions,
    PostgresDeliveries,
    PostgresNoes,
)
from dispatcher.wiring import contacts_partition
from services.dispatcher.tests.making import FILES, consent, request

SEND = "dispatcher.send"
SECRETS = [b"a-secret-of-the-tests"]
PACE = Pace(wait=0.01, gather=0.0, backoff=0.01, commit=0.5)
PLAYBOOK = content_of("playbook", "cart_abandonment", FILES)
WORKSPACE = """
sources:
  shop: {kind: server, key_sha256: "%s"}
senders:
  email: {adapter: smtp, from: shop@example.org, from_name: Shop}
brand: {name: Shop, url: "https://example.org/", imprint: Shop GmbH}
locales: [de, en]
delivery: live
""" % ("0" * 64)


def release(workspace: str) -> Release:
    content = content_of("workspace", workspace, {"workspace.yaml": WORKSPACE})
    return Release(workspace, 1, (content, PLAYBOOK), live=True)


def settled() -> Settled:
    releases = {name: release(name) for name in ("demo", "other")}
    return Settled(Configuration(releases, {PLAYBOOK.key: PLAYBOOK}))


@dataclass
class OneOutlet(Outlets):
    """All workspaces' mails go to the one provider."""

    provider: EmailProvider

    @override
    def speaks(self, kind: Kind, channel: str) -> bool:
        return channel == "email"

    @override
    def outlet(self, rules: Rules) -> EmailProvider | None:
        return self.provider


@dataclass
class World:
    log: FakeLog
    database: Database
    smtp: ScriptedSmtpServer
    settled: Settled = field(default_factory=settled)
    publishers: int = 0

    @asynccontextmanager
    async def consuming(self) -> AsyncIterator[None]:
        """`dispatcher consume` for the body's duration."""
        ledger = PostgresLedger(self.database, LOOP)
        around = Surroundings(self.log, ledger, self.settled, PACE)
        the_loop = loop(
            DocketBook(hashed, contacts_partition(self.log)), live_since=await ledger.live_since()
        )
        async with running(Consumer(the_loop, around).run()):
            yield

    @asynccontextmanager
    async def sending(
        self, *, in_flight: int = 8, acceptance: float = 0.5
    ) -> AsyncIterator[Sender]:
        """`dispatcher send`; leaving is as abrupt as the death of its process."""
        provider = SmtpEmailProvider(
            SmtpServer(self.smtp.host, self.smtp.port),
            connections=4,
            timeouts=SmtpTimeouts(connect=0.5, command=0.5, acceptance=acceptance),
        )
        async with (
            self.log.reader() as first,
            self.log.reader() as second,
            self.log.publisher() as publisher,
        ):
            noes = NoesReader(first, publisher, PostgresNoes(self.database), sender=str(fresh()))
            contacts = ContactsWatch(
                second, PostgresContactPositions(self.database), self.log.partitions
            )
            circuits = Circuits()
            sender = Sender(
                deliveries=PostgresDeliveries(self.database),
                gatekeeper=Gatekeeper(
                    rulebook=ConfiguredRulebook(self.settled),
                    outlets=OneOutlet(provider),
                    circuits=circuits,
                    contacts=contacts.knowledge,
                    barrier_met=lambda: noes.met,
                ),
                writer=MailWriter(public_url="https://mail.example.org", secrets=SECRETS),
                circuits=circuits,
                barriers=noes,
                in_flight=in_flight,
            )
            job = Job(SEND, ANCHOR, step=sender.step, on_gained=sender.on_gained)
            worker = Worker(
                job,
                Surroundings(self.log, PostgresLedger(self.database, SEND), self.settled, PACE),
            )
            async with running(noes.run()), running(contacts.run()), running(worker.run()):
                try:
                    yield sender
                finally:
                    await sender.close()
            provider.close()

    @asynccontextmanager
    async def edge(self) -> AsyncIterator[Edge]:
        async with (
            self.log.group_commit("contact.withdrawals") as withdrawals,
            self.log.group_commit("ingest.commands") as commands,
            self.log.group_commit("ingest.events") as accepted,
        ):
            yield Edge(
                withdrawals=withdrawals,
                commands=commands,
                accepted=accepted,
                archive=PostgresArchive(self.database),
                rulebook=ConfiguredRulebook(self.settled),
                clock=utc_now,
                secrets=SECRETS,
                admin_key_sha256=None,
                public_url="https://mail.example.org",
                hashed=hashed,
            )

    def append(self, topic: str, payload: Payload, *, key: str, workspace: str = "demo") -> None:
        """A record without an origin, as a foreign producer would write it."""
        self.publishers += 1
        event = encode_event(
            payload,
            id=derive("test", self.publishers),
            source="/test",
            subject=key,
            time=utc_now(),
            workspace=workspace,
            correlationid=derive("chain", self.publishers),
        )
        place = Place(topic, self.log.partition_for(topic, key.encode()))
        self.log.append(place, Outgoing(key.encode(), event_bytes(event)))

    def contact(self, number: int, workspace: str = "demo", **changes: Any) -> UUID:
        """A profile that may be written to, unless `changes` say otherwise; returns its id."""
        profile_id = derive("profile", number)
        values: dict[str, Any] = {
            "profile_version": 1,
            "email": f"c{number}@example.com",
            "first_name": "Anna",
            "locale": "de",
            "consents": (consent(since=utc_now() - timedelta(days=1)),),
        }
        snapshot = ContactChanged(**(values | changes))
        self.append("profile.contacts", snapshot, key=str(profile_id), workspace=workspace)
        return profile_id

    def request(
        self, number: int, workspace: str = "demo", *, profile: int | None = None, **changes: Any
    ) -> UUID:
        """Ask for a reminder to a profile, that of the same number unless said; returns the delivery id."""
        values: dict[str, Any] = {
            "version": PLAYBOOK.hash,
            "expires_at": utc_now() + timedelta(hours=1),
        }
        asked = request(number, **(values | changes))
        key = str(derive("profile", number if profile is None else profile))
        self.append("action.requests", asked, key=key, workspace=workspace)
        return asked.delivery_id

    def progress(self, later: timedelta = timedelta(hours=1)) -> None:
        """resolve says that it folded everything up to some time from now."""
        for raw in range(self.log.partitions):
            statement = IngestProgressed(
                partition=raw,
                until=utc_now() + later,
                origin=f"ingest.resolve/{raw}/x",
                sequences=(0,) * self.log.partitions,
            )
            self.append("ingest.progress", statement, key=str(raw), workspace="*")

    def statuses(self) -> list[tuple[str, DeliveryStatus]]:
        """Every status once, however often it was published, in order."""
        found: dict[UUID, tuple[str, DeliveryStatus]] = {}
        for item in self.log.records("delivery.status"):
            event = decode_event(item.value or b"")
            found[event.id] = (event.type.split(".")[1], event.payload(DeliveryStatus))
        return list(found.values())

    def told(self, delivery_id: UUID) -> list[tuple[str, str]]:
        """What was told of one delivery: status and reason."""
        return [
            (kind, status.reason)
            for kind, status in self.statuses()
            if status.delivery_id == delivery_id
        ]

    async def until(self, what: str, holds: Callable[[], Any], seconds: float = 15.0) -> None:
        """Look again whenever the log grew or a moment passed, until it holds."""
        end = monotonic() + seconds
        while True:
            answer = holds()
            if asyncio.iscoroutine(answer):
                answer = await answer
            if answer:
                return
            assert monotonic() < end, f"{what}: not within {seconds:.0f} s"
            await self.log.grown(0.01)

    async def states(self) -> Counter[str]:
        rows = await self.database.fetch("SELECT state, count(*) AS n FROM deliveries GROUP BY 1")
        return Counter({row["state"]: row["n"] for row in rows})

    def acceptances(self, delivery_id: UUID) -> int:
        return self.smtp.accepted[f"<{delivery_id}@example.org>"]


def hashed(workspace: str, channel: str, address: str) -> str:
    return address_hash(b"pepper-of-the-tests", workspace, channel, address)


@asynccontextmanager
async def running(work: Awaitable[None]) -> AsyncIterator[None]:
    """Beside the body; a failure of it ends the test."""
    task = asyncio.ensure_future(work)
    try:
        yield
    finally:
        # Once may not be enough: where an answer and the cancellation arrive together, a library may keep the answer.
        while not task.done():
            task.cancel()
            await asyncio.wait({task}, timeout=1.0)
        with suppress(asyncio.CancelledError):
            task.result()
