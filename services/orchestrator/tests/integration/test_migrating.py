"""A publication moves what is under way, on a real Kafka and a real PostgreSQL, also where the process is killed meanwhile."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import msgspec

from common.clock import utc_now
from common.configuration import Content, content_of
from common.contracts import Event, Payload, encode_event, event_bytes
from common.contracts.configuration import Transition
from common.contracts.decisions import EnrollmentEntered, EnrollmentMigrated
from common.contracts.profiles import ActivityRecorded
from common.ids import derive
from common.postgres import Database
from common.streaming.ports import Outgoing, Place
from common.testing.installation import Installation, installed
from orchestrator.settings import MigrateSettings
from orchestrator.store import SCHEMA, PostgresPublications
from orchestrator.wiring import migrate
from services.orchestrator.tests.living import WORKSPACE, playbook

MANY, FEW = 3_000, 200
PATIENCE = 60.0
HEAD = "purpose: marketing\ntrigger: {event: Page Viewed}\nentry: {again: never}\nsteps:\n"
SAY = "  - propose: {message: reminder, channels: [email], expires_after: 24h}\n"
OLD = playbook("greeting", HEAD + "  - {id: rest, wait: {for: 30d}}\n" + SAY)
NEW = playbook("greeting", HEAD + "  - {id: calm, wait: {for: 30d}}\n" + SAY)
OTHER = playbook("other", HEAD.replace("Page", "Product") + SAY)
SHOP = content_of("workspace", "shop", {"workspace.yaml": WORKSPACE})


@dataclass(slots=True)
class World:
    """An installation with the orchestrator's database, and its consumer as a process of its own."""

    shop: Installation
    database: Database
    url: str

    @asynccontextmanager
    async def consuming(self) -> AsyncIterator[asyncio.subprocess.Process]:
        told = {
            **os.environ,  # noqa: TID251 - what any child needs to start at all
            "KAFKA_BOOTSTRAP_SERVERS": self.shop.settings.kafka_bootstrap_servers,
            "CUESTREAM_TOPIC_PREFIX": self.shop.settings.topic_prefix,
            "CUESTREAM_PARTITIONS": str(self.shop.settings.partitions),
            "CUESTREAM_PORT": "0",
            "CUESTREAM_INSTANCE": "0",  # killed, it is back at its partitions at once
            "DATABASE_URL": self.url,
        }
        argv = (sys.executable, "-m", "orchestrator", "consume")
        process = await asyncio.create_subprocess_exec(*argv, env=told)
        try:
            yield process
        finally:
            if process.returncode is None:
                process.kill()
            await process.wait()

    async def on(self, content: Content) -> int:
        """How many passages are on a version, as a plan counts them."""
        rows = await PostgresPublications(self.database).under_way("shop", [content.name])
        return sum(row.count for row in rows if row.version == content.hash)

    async def have(self, kind: type[Payload], count: int) -> Sequence[Any]:
        """What was told of so many passages, each record once, however often the log repeats it."""
        found: dict[UUID, Any] = {}

        def enough(events: Sequence[Event]) -> bool:
            found.update((e.id, e.payload(kind)) for e in events if e.type == kind.TYPE)
            return len({one.enrollment_id for one in found.values()}) >= count

        await self.shop.until("journey.steps", enough, patience=PATIENCE)
        return list(found.values())

    async def begins(self, content: Content) -> None:
        """Somebody is on a version; told by the database, so that it is still going on."""
        async with asyncio.timeout(PATIENCE):
            while await self.on(content) == 0:
                pass

    async def all_do(self, people: Sequence[UUID], name: str) -> None:
        """Every one of them does it, appended as one batch a partition."""
        rows: dict[Place, list[Outgoing]] = defaultdict(list)
        for person in people:
            key = str(person).encode()
            place = Place("profile.activity", self.shop.log.partition_for("profile.activity", key))
            rows[place].append(Outgoing(key, event_bytes(_activity(person, name))))
        async with self.shop.log.publisher() as publisher:
            for place, records in rows.items():
                for begin in range(0, len(records), 500):
                    await publisher.publish(place, records[begin : begin + 500])


def event(person: UUID) -> UUID:
    """The id of what a person did."""
    return derive("event", person, "Page Viewed")


def _activity(person: UUID, name: str) -> Event:
    now = utc_now()
    payload = ActivityRecorded(
        event_id=derive("event", person, name),
        name=name,
        source="web",
        message_id=name,
        occurred_at=now,
        received_at=now,
        profile_version=1,
        properties={},
    )
    return encode_event(
        payload,
        id=derive("event", person, name),
        source="/test",
        subject=str(person),
        time=now,
        workspace="shop",
        correlationid=person,
    )


@asynccontextmanager
async def world(bootstrap: str, database: Any) -> AsyncIterator[World]:
    url = database.of(SCHEMA)
    await migrate(MigrateSettings(DATABASE_URL=url))
    async with (
        installed(bootstrap) as shop,
        Database.connect(url, schema=SCHEMA, application_name="test") as connected,
    ):
        await shop.configure("shop", [SHOP, OLD])
        yield World(shop, connected, url)


def versions(events: Sequence[Event]) -> Mapping[str, list[str]]:
    """By enrollment, what its log shows in order: each version it was on, and each migration."""
    shown: dict[str, list[str]] = defaultdict(list)
    for data in {event.id: msgspec.json.decode(event.data) for event in events}.values():
        of, version = shown[data["enrollment_id"]], data["version"]
        if "from_version" in data:
            of += [f"from {data['from_version']}", version]
        elif not of or of[-1] != version:
            of.append(version)
    return shown


async def test_killed_in_a_migration_under_load_everybody_is_moved_once_and_as_many_as_were_counted(
    kafka_bootstrap: str, database: Any
) -> None:
    first = [derive("first", number) for number in range(MANY)]
    later = [[derive("later", n, number) for number in range(FEW)] for n in range(3)]
    chosen = Transition(
        playbook="greeting",
        to=NEW.hash,
        under_way="migrate",
        steps={"rest": "calm"},
        at=utc_now(),
    )
    async with world(kafka_bootstrap, database) as there:
        async with there.consuming() as process:
            await there.all_do(first, "Page Viewed")
            await there.have(EnrollmentEntered, MANY)
            counted = await there.on(OLD)
            await there.shop.configure("shop", [SHOP, NEW], number=2, transitions=(chosen,))
            await there.all_do(later[0], "Page Viewed")
            await there.begins(NEW)
            process.send_signal(signal.SIGKILL)
            await process.wait()
        moved_before = await there.on(NEW)
        await there.all_do(later[1], "Page Viewed")
        # Meanwhile somebody publishes something else; what was chosen stays in the release.
        await there.shop.configure("shop", [SHOP, NEW, OTHER], number=3, transitions=(chosen,))
        async with there.consuming():
            await there.all_do(later[2], "Page Viewed")
            entered = await there.have(EnrollmentEntered, MANY + 3 * FEW)
            began_on_old = {one.enrollment_id for one in entered if one.version == OLD.hash}
            migrated = await there.have(EnrollmentMigrated, len(began_on_old))
            left = await there.on(OLD)
        shown = versions(await there.shop.events("journey.steps"))

    assert (counted, left) == (MANY, 0)
    assert 0 < moved_before < MANY, "it was to be killed in the middle"
    assert {one.enrollment_id for one in migrated} == began_on_old
    assert len(migrated) == len(began_on_old)
    assert {(one.from_step, one.step) for one in migrated} == {("rest:wait", "calm:wait")}
    once = [OLD.hash, f"from {OLD.hash}", NEW.hash]
    assert Counter(map(tuple, shown.values())) == {
        tuple(once): len(began_on_old),
        (NEW.hash,): MANY + 3 * FEW - len(began_on_old),
    }
    did_first = {event(person) for person in first}
    began_first = {one.enrollment_id for one in entered if one.trigger_id in did_first}
    assert len(began_first & began_on_old) == counted
