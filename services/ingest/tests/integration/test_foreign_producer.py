"""The code of docs/connect/kafka.md on a real Kafka: what it writes is resolved, and the past is told apart."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from common.contracts.profiles import ActivityRecorded
from common.streaming.ports import Fetched, Place
from services.ingest.tests.edge import configuration
from services.ingest.tests.integration.site import ADMIN, Site, opened
from services.ingest.tests.unit.test_connect_pages import examples

ACTIVITY = "profile.activity"


@pytest.fixture
async def site(kafka_bootstrap: str, tmp_path: Path) -> AsyncIterator[Site]:
    async with opened(kafka_bootstrap, tmp_path) as found:
        yield found


def order(message_id: str) -> dict[str, Any]:
    return {"type": "track", "userId": "u1", "messageId": message_id, "event": "Order Completed"}


async def test_what_a_foreign_producer_writes_becomes_an_activity(
    site: Site, database: Any
) -> None:
    page: dict[str, Any] = {}
    exec("\n".join(examples("kafka.md", "python")), page)  # noqa: S102 - the page's own example
    url = database.of("ingest")
    assert await (await site.start("migrate", DATABASE_URL=url)).ends() == 0
    resolve = await site.start("resolve", DATABASE_URL=url)
    await site.installation.configure("demo", configuration().releases["demo"].contents)
    settings = site.installation.settings
    topic = settings.topic_prefix + "ingest.events"

    await page["send"](settings.kafka_bootstrap_servers, topic, order("old"), history=True)
    await page["send"](settings.kafka_bootstrap_servers, topic, order("new"), order("new"))

    async def both() -> list[Fetched]:
        found = await activities(site)
        return found if len(found) == 2 else []

    found = await resolve.until(both)
    assert [item.headers.get("history") for item in found] == [b"1", None]
    async with httpx.AsyncClient() as http:
        reply = await http.get(f"{resolve.url}/v1/messages/old", headers=ADMIN)
    assert reply.status_code == 200


async def activities(site: Site) -> list[Fetched]:
    """The records of activities, in the order of one person's partition."""
    log = site.installation.log
    async with log.reader() as reader:
        bounds = await reader.bounds([Place(ACTIVITY, p) for p in range(log.partitions)])
        await reader.assign({place: bound.begin for place, bound in bounds.items()})
        missing = sum(bound.end - bound.begin for bound in bounds.values())
        found: list[Fetched] = []
        while len(found) < missing:
            found += await reader.poll(500, 0.2)
    return [item for item in found if ActivityRecorded.TYPE.encode() in (item.value or b"")]
