"""A shop on a real Kafka and PostgreSQL whose senders are processes of their own, to be killed and stopped."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from common.clock import monotonic, utc_now
from common.configuration import content_of
from common.contracts.deliveries import DeliveryStatus
from common.contracts.profiles import ContactChanged
from common.ids import derive
from common.postgres import Database
from common.testing.installation import Installation, installed, running
from common.testing.smtp import ScriptedSmtpServer, scripted_smtp_server
from dispatcher.settings import ConsumeSettings, MigrateSettings
from dispatcher.wiring import consume, migrate
from services.dispatcher.tests.making import FILES, consent, request

PLAYBOOK = content_of("playbook", "cart_abandonment", FILES)
WORKSPACE = content_of(
    "workspace",
    "shop",
    {
        "workspace.yaml": f"""
sources:
  shop: {{kind: server, key_sha256: "{"0" * 64}"}}
brand: {{name: Shop, url: "https://example.org/", imprint: Shop GmbH}}
locales: [de, en]
"""
    },
)


@dataclass
class RealShop:
    """`dispatcher consume` in this process, senders in others."""

    installation: Installation
    database: Database
    smtp: ScriptedSmtpServer
    given: Mapping[str, str]
    """What every process is told, by variable."""

    async def ask(self, number: int, **changes: Any) -> UUID:
        """Request a mail to a person of that number; returns the delivery's id."""
        person = derive("profile", number)
        contact = ContactChanged(
            profile_version=1,
            email=f"c{number}@example.com",
            consents=(consent(since=utc_now() - timedelta(days=1)),),
        )
        later = {"expires_at": utc_now() + timedelta(hours=1), "version": PLAYBOOK.hash}
        asked = request(number, **(later | changes))
        await self.installation.append(contact, person)
        await self.installation.append(asked, person)
        return asked.delivery_id

    @asynccontextmanager
    async def sender(self, *, instance: str = "") -> AsyncIterator[asyncio.subprocess.Process]:
        """`python -m dispatcher send`; killed when the block is left, if it still lives."""
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "dispatcher", "send"),
            env={"PATH": "", **self.given, "CUESTREAM_INSTANCE": instance},
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )
        try:
            yield process
        finally:
            if process.returncode is None:
                process.send_signal(signal.SIGKILL)
            await process.wait()

    async def states(self) -> Counter[str]:
        rows = await self.database.fetch("SELECT state, count(*) AS n FROM deliveries GROUP BY 1")
        return Counter({row["state"]: row["n"] for row in rows})

    async def told(self) -> dict[UUID, list[str]]:
        """Delivery → its statuses; each event once, however often it was published."""
        events = await self.installation.events("delivery.status")
        found: dict[UUID, list[str]] = {}
        for event in {event.id: event for event in events}.values():
            status = event.payload(DeliveryStatus)
            found.setdefault(status.delivery_id, []).append(event.type.split(".")[1])
        return found

    async def until(self, what: str, holds: Callable[[], Awaitable[bool]], seconds: float) -> None:
        """Look again whenever the server was busy or a moment passed, until it holds."""
        end = monotonic() + seconds
        while not await holds():
            assert monotonic() < end, f"{what}: not within {seconds:.0f} s"
            await self.smtp.stirred(0.1)

    def acceptances(self, delivery_id: UUID) -> int:
        return self.smtp.accepted[f"<{delivery_id}@example.org>"]


@asynccontextmanager
async def real_shop(kafka_bootstrap: str, url: str) -> AsyncIterator[RealShop]:
    await migrate(MigrateSettings(DATABASE_URL=url))
    async with (
        installed(kafka_bootstrap) as installation,
        scripted_smtp_server() as smtp,
        Database.connect(url, schema="dispatcher", application_name="test") as database,
    ):
        await installation.configure("shop", [WORKSPACE, PLAYBOOK])
        known = installation.settings
        given = {
            "KAFKA_BOOTSTRAP_SERVERS": kafka_bootstrap,
            "CUESTREAM_TOPIC_PREFIX": known.topic_prefix,
            "CUESTREAM_PARTITIONS": str(installation.log.partitions),
            "DATABASE_URL": url,
            "CUESTREAM_LOCAL": "true",
            "CUESTREAM_PORT": "0",
            "CUESTREAM_TOKEN_SECRETS": "a-secret-of-the-tests",
            "CUESTREAM_PUBLIC_URL": "https://mail.example.org",
            "CUESTREAM_SMTP_URL": f"smtp://{smtp.host}:{smtp.port}",
            "CUESTREAM_SMTP_COMMAND_SECONDS": "5",
        }
        consuming = ConsumeSettings(
            **known.model_dump(by_alias=True), DATABASE_URL=url, local=True, port=0
        )
        async with running(consume(consuming)):
            await installation.pass_time(utc_now() + timedelta(hours=1))
            yield RealShop(installation, database, smtp, given)
