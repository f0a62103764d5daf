"""The real processes on a real Kafka and PostgreSQL: several workers' rejections, one report, also after a kill."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from services.ingest.tests.edge import SERVER_KEY, configuration
from services.ingest.tests.integration.site import ADMIN, Running, Site, opened


@pytest.fixture
async def site(kafka_bootstrap: str, tmp_path: Path) -> AsyncIterator[Site]:
    async with opened(kafka_bootstrap, tmp_path) as found:
        yield found


async def rejected(edge: Running, number: int) -> bool:
    """A message without an identity, on a connection of its own: any worker may take it."""
    async with httpx.AsyncClient() as http:
        message = {"event": "x", "messageId": f"bad-{number}"}
        reply = await http.post(f"{edge.url}/v1/track", json=message, auth=(SERVER_KEY, ""))
        return reply.status_code == 400


async def reasons(http: httpx.AsyncClient, resolve: Running) -> dict[str, int]:
    reply = await http.get(f"{resolve.url}/v1/sources", headers=ADMIN)
    if reply.status_code != 200:
        return {}
    (shop,) = (each for each in reply.json()["sources"] if each["source"] == "shop")
    return {line["reason"]: line["day"] for line in shop["rejected"]}


async def test_rejections_of_all_workers_are_reported_once_also_after_a_kill(
    site: Site, database: Any
) -> None:
    url = database.of("ingest")
    await site.installation.configure("demo", configuration().releases["demo"].contents)
    assert await (await site.start("migrate", DATABASE_URL=url)).ends() == 0
    edge = await site.start("api", CUESTREAM_WORKERS="2")
    resolve = await site.start("resolve", DATABASE_URL=url)
    for number in range(6):
        await edge.until(lambda n=number: rejected(edge, n))  # type: ignore[misc] # a default binds it

    async with httpx.AsyncClient() as http:

        async def counted() -> bool:
            return await reasons(http, resolve) == {"no_identity": 6}

        await resolve.until(counted)
        reply = await http.get(f"{resolve.url}/v1/messages/bad-3", headers=ADMIN)
        (message,) = reply.json()["messages"]
        assert (message["outcome"], message["reason"]) == ("rejected", "no_identity")

        resolve.process.kill()
        await resolve.ends()
        resolve = await site.start("resolve", DATABASE_URL=url)
        await edge.until(lambda: rejected(edge, 7))

        async def counted_on() -> bool:
            found = await reasons(http, resolve)
            assert found.get("no_identity", 0) <= 7
            return found == {"no_identity": 7}

        await resolve.until(counted_on)
