"""Each service sets aside, is repaired and folds after all: on a real Kafka and PostgreSQL, through the real topics."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import pytest

import dispatcher.consumer
import dispatcher.settings
import dispatcher.wiring
import ingest.consumer
import ingest.settings
import ingest.wiring.resolve
import orchestrator.consumer
import orchestrator.settings
import orchestrator.wiring
import scoring.consumer
import scoring.settings
import scoring.wiring
from common.clock import utc_now
from common.configuration import Content, content_of
from common.configuration.directory import load_directory
from common.contracts.decisions import EnrollmentEntered
from common.contracts.ingestion import EventAccepted
from common.contracts.profiles import ActivityRecorded, LeadScored
from common.ids import derive
from common.postgres import Database, migrate
from common.streaming.ports import Outgoing, Place
from common.testing.installation import Installation, installed, running
from cuestream.commands.quarantine import retrying
from cuestream.commands.quarantine.asking import append, read
from cuestream.commands.quarantine.items import Item
from deploy.local.tests.quarantine.aside import ANNA
from ingest.store import PeopleBook
from libs.common.tests.consuming.world import until
from services.dispatcher.tests.making import request

pytestmark = pytest.mark.integration
BERT = derive("test", "bert")
CONTENTS: Mapping[str, Sequence[Content]] = load_directory(Path(__file__).parents[4])
MODEL = "half_life: 1m\npoints: {Survey Answered: 60}\ngrades: {A: 60, B: 0}\n"


@dataclass(frozen=True)
class Shop:
    """An installation, and the databases of its services."""

    installation: Installation
    database: Any

    def given(self, service: str) -> dict[str, Any]:
        settings = self.installation.settings.model_dump(by_alias=True)
        return {**settings, "DATABASE_URL": self.database.of(service), "port": 0}

    @asynccontextmanager
    async def running(self, *services: str) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            for service in services:
                await migrate(f"{service}.migrations", self.database.of(service))
                await stack.enter_async_context(running(RUN[service](self.given(service))))
            yield

    async def rows(self, service: str, sql: str) -> Sequence[Any]:
        async with Database.connect(
            self.database.of(service), schema=service, application_name="test"
        ) as database:
            return await database.fetch(sql)

    async def open(self) -> list[Item]:
        found = await read(self.installation.log)
        return [item for item in found.items if item.settled is None]

    async def retry(self, *items: Item) -> None:
        done = await append(
            self.installation.log, items, partial(retrying.retry, by="ops", now=utc_now())
        )
        assert done.refused == []

    async def retried(self, service: str) -> int:
        """How many signals the service has folded after all."""
        sql = "SELECT 1 FROM sequences_seen WHERE origin LIKE '@retried/%'"
        return len(await self.rows(service, sql))


RUN: dict[str, Callable[[dict[str, Any]], Any]] = {
    "ingest": lambda given: ingest.wiring.resolve.resolve(ingest.settings.ResolveSettings(**given)),
    "scoring": lambda given: scoring.wiring.consume(scoring.settings.Settings(**given)),
    "orchestrator": lambda given: orchestrator.wiring.consume(
        orchestrator.settings.ConsumeSettings(**given)
    ),
    "dispatcher": lambda given: dispatcher.wiring.consume(
        dispatcher.settings.ConsumeSettings(**given, local=True)
    ),
}


@pytest.fixture
async def shop(kafka_bootstrap: str, database: Any) -> AsyncIterator[Shop]:
    async with installed(kafka_bootstrap) as installation:
        yield Shop(installation, database)


def seen(name: str, at: datetime, number: int = 1) -> ActivityRecorded:
    return ActivityRecorded(
        event_id=derive("event", number),
        name=name,
        source="shop",
        message_id=str(number),
        occurred_at=at,
        received_at=at,
        profile_version=1,
        properties={"product_id": "shoe", "quantity": 1},
    )


async def test_what_came_before_its_workspace_is_folded_after_all_once_by_each(
    shop: Shop,
) -> None:
    late, now = shop.installation, utc_now()
    message = {"type": "track", "event": "Page Viewed", "userId": "u1", "messageId": "m1"}
    accepted = EventAccepted(
        protocol="segment",
        received_at=now,
        source="shop",
        body=msgspec.Raw(msgspec.json.encode(message)),
        message_id="m1",
    )
    asked = request(1, expires_at=now + timedelta(hours=1))
    await late.configure("default", CONTENTS["default"])
    async with shop.running("ingest", "scoring", "orchestrator", "dispatcher"):
        await late.append(accepted, "u1", workspace="demo")
        await late.append(seen("Product Added", now), ANNA, workspace="demo")
        await late.append(asked, BERT, workspace="demo")

        async def all_aside() -> list[Item]:
            items = await shop.open()
            return items if len(items) == 4 else []

        items: list[Item] = await until("four items", all_aside, 60)
        await late.configure("demo", CONTENTS["demo"])
        await shop.retry(*items, *reversed(items))
        await late.wait_for(EnrollmentEntered)
        await late.wait_for(LeadScored, count=2)  # resolve's activity of u1 scores, too

        async def planned() -> bool:
            return len(await shop.rows("dispatcher", "SELECT 1 FROM deliveries")) == 1

        await until("one delivery", planned)
        folded = [await shop.retried(item.service) for item in items]
        entered = await late.wait_for(EnrollmentEntered)
        activities = await late.wait_for(ActivityRecorded, count=2)

    assert {item.reason for item in items} == {"unknown_workspace"}
    assert sorted(item.service for item in items) == sorted(RUN)
    assert folded == [1, 1, 1, 1]
    assert len(entered) == 1
    assert [one.message_id for one in activities].count("m1") == 1
    assert await shop.open() == []


async def test_a_timer_that_was_set_aside_fires_after_all(shop: Shop) -> None:
    model = content_of("lead_model", "lead", {"model.yaml": MODEL})
    await shop.installation.configure("shop", [model])
    async with shop.running("scoring"):
        await shop.installation.append(seen("Survey Answered", utc_now()), ANNA)
        [risen] = await shop.installation.wait_for(LeadScored)
        [row] = await shop.rows("scoring", "SELECT * FROM timers")

        async def due() -> bool:
            return bool(utc_now() > row["due_at"] + timedelta(seconds=0.5))

        await until("its time", due)
        await _set_aside(shop, row)
        [item] = await shop.open()
        await shop.retry(item, item)
        scored = await shop.installation.wait_for(LeadScored, count=2)
        folded = await shop.retried("scoring")

    assert item.kind == "timer"
    assert (risen.grade, scored[1].grade) == ("A", "B")
    assert folded == 1


async def _set_aside(shop: Shop, row: Any) -> None:
    """As the runtime does where the fold of a timer fails."""
    value = {
        "timer": row["name"],
        "profile_id": str(row["profile_id"]),
        "due_at": row["due_at"].isoformat(),
        "workspace": row["workspace"],
        "correlation": str(row["correlation"]),
    }
    headers = {
        "service": b"scoring",
        "reason": b"fold_failed",
        "detail": b"",
        "origin": b"scoring.consume/0/life",
        "sequence": b"1",
        "origin_topic": b"profile.activity",
        "origin_partition": b"%d" % row["partition"],
        "origin_offset": b"-1",
    }
    record = Outgoing(str(row["profile_id"]).encode(), json.dumps(value).encode(), headers)
    async with shop.installation.log.publisher() as publisher:
        place = Place("profile.activity.quarantine", row["partition"])
        await publisher.publish(place, [record])


def test_every_service_has_a_way_to_retry() -> None:
    inputs = {
        "scoring": scoring.consumer.INPUTS,
        "orchestrator": orchestrator.consumer.INPUTS,
        "dispatcher": dispatcher.consumer.INPUTS,
        "ingest": ingest.consumer.loop(PeopleBook()).inputs,
    }

    assert [name for name, topics in inputs.items() if f"{name}.commands" not in topics] == []
