"""A shop with a past: `orchestrator consume` on a real Kafka and PostgreSQL, and what happened to its customers."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any
from uuid import UUID

from common.clock import utc_now
from common.configuration import Content, content_of
from common.contracts import Payload
from common.contracts.decisions import DecisionMade
from common.contracts.profiles import (
    ActivityRecorded,
    ConsentChanged,
    ProfileMerged,
    TraitsChanged,
)
from common.ids import derive
from common.recovery.history import Releases
from common.testing.installation import Installation, installed, running
from cuestream.whatif import Answer, Question, Wish, answer, choose
from orchestrator.settings import ConsumeSettings, MigrateSettings
from orchestrator.wiring import consume, migrate

SHOP = "shop"
HOUR = timedelta(hours=1)
WORKSPACE = content_of(
    "workspace",
    SHOP,
    {
        "workspace.yaml": f"""\
sources: {{web: {{key_sha256: {"a" * 64}, kind: server}}}}
brand: {{name: Shop, url: "https://shop.example", imprint: Shop}}
locales: [en]
delivery: sink
"""
    },
)
CART = """\
purpose: marketing
trigger: {event: [Product Added, Cart Viewed], when: "size(customer.cart.items) > 0"}
entry: {key: customer.cart.id, again: per_key}
exit_when: [{event: Order Completed}]
steps:
  - wait: {for: 30m, restart_on: [Product Added]}
  - propose: {message: reminder, channels: [email], expires_after: 24h}
  - wait: {for: 1h}
  - propose: {message: reminder, channels: [email], expires_after: 24h}
"""
VIEWS = """\
purpose: marketing
trigger: {event: Product Viewed}
entry: {again: always}
steps:
  - wait: {for: 10m}
  - emit: {event: Interest Found, properties: {of: "'shoes'"}}
  - propose: {message: reminder, channels: [email], expires_after: 24h}
"""


def playbook(name: str, journey: str) -> Content:
    templates = {"templates/reminder.email.en.liquid": "Hello"}
    return content_of("playbook", name, {"journey.yaml": journey, **templates})


def person(name: str) -> UUID:
    return derive("whatif", name)


class Shop:
    """What happens there; virtual time is moved by hand."""

    def __init__(self, installation: Installation) -> None:
        self.on = installation
        self.now = utc_now()
        self._number = 0

    async def publishes(self, *playbooks: Content, number: int = 1, **says: Any) -> None:
        await self.on.configure(SHOP, [WORKSPACE, *playbooks], number=number, **says)

    async def meets(self, *names: str, consents: bool = True) -> None:
        for name in names:
            who = person(name)
            await self.on.append(TraitsChanged(profile_version=1, reachable=("email",)), who)
            consent = ConsentChanged(
                profile_version=1,
                channel="email",
                purpose="marketing",
                granted=consents,
                basis="opt_in",
                since=self.now,
                proof_id=who,
            )
            await self.on.append(consent, who)

    async def does(self, name: str, activity: str, **properties: Any) -> None:
        self._number += 1
        recorded = ActivityRecorded(
            event_id=derive("whatif", "event", self._number),
            name=activity,
            source="web",
            message_id=str(self._number),
            occurred_at=utc_now(),
            received_at=utc_now(),
            profile_version=1,
            properties=properties,
        )
        await self.on.append(recorded, person(name))

    async def merges(self, loser: str, winner: str) -> None:
        merged = ProfileMerged(loser=person(loser), winner=person(winner), profile_version=9)
        for name in (loser, winner):
            await self.on.append(merged, person(name))

    async def passes(self, duration: timedelta) -> None:
        """Let time go on; whatever is due by then fires."""
        self.now += duration
        await self.on.pass_time(self.now)

    async def tells(self, kind: type[Payload], count: int) -> None:
        """Wait until so many of these are on the log."""
        await self.on.wait_for(kind, count=count)

    async def decides(self, count: int) -> None:
        await self.tells(DecisionMade, count)

    async def asks(self, wish: Wish) -> Answer:
        """What the command asks."""
        async with self.on.log.reader() as reader:
            question = choose(wish, await Releases.read(reader))
        return await self.answers(question)

    async def answers(self, question: Question, workers: int | None = None) -> Answer:
        return await answer(self.on.log, question, workers)


@asynccontextmanager
async def shop(bootstrap: str, database: Any, *playbooks: Content) -> AsyncIterator[Shop]:
    """Its consumer runs within the block; its log stays until the end of the session."""
    url = database.of("orchestrator")
    await migrate(MigrateSettings(DATABASE_URL=url))
    async with installed(bootstrap) as installation:
        there = Shop(installation)
        await there.publishes(*playbooks)
        settings = ConsumeSettings(
            **installation.settings.model_dump(by_alias=True), DATABASE_URL=url, port=0
        )
        async with running(consume(settings)):
            yield there
