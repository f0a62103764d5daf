"""The real processes on a real Kafka and PostgreSQL: from an unmodified SDK to a resolved person."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest
from segment.analytics.client import Client

from services.ingest.tests.edge import SERVER_KEY, configuration
from services.ingest.tests.integration.site import ADMIN, Running, Site, opened


@pytest.fixture
async def site(kafka_bootstrap: str, tmp_path: Path) -> AsyncIterator[Site]:
    async with opened(kafka_bootstrap, tmp_path) as found:
        yield found


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient() as client:
        yield client


def send(host: str) -> None:
    """What a shop's code does, with the unmodified SDK."""
    client = Client(SERVER_KEY, host=host, gzip=True, max_retries=3)
    client.identify("u1", {"email": "ada@example.com", "consents": {"email.marketing": True}})
    client.track("u1", "Product Added", {"product_id": "p1"}, message_id="the-message")
    client.flush()
    client.join()


async def test_an_sdks_events_become_a_person(
    site: Site, http: httpx.AsyncClient, database: Any
) -> None:
    url = database.of("ingest")
    assert await (await site.start("migrate", DATABASE_URL=url)).ends() == 0
    edge = await site.start("api", CUESTREAM_WORKERS="2")
    resolve = await site.start("resolve", DATABASE_URL=url)

    async def configured() -> bool:
        reply = await http.post(f"{edge.url}/v1/batch", json={"batch": []}, auth=(SERVER_KEY, ""))
        return reply.status_code == 200

    async def refused() -> bool:
        reply = await http.post(f"{edge.url}/v1/batch", json={"batch": []}, auth=(SERVER_KEY, ""))
        return reply.status_code == 503 and reply.json()["error"] == "not_configured"

    await edge.until(refused)
    await site.installation.configure("demo", configuration().releases["demo"].contents)
    for _ in range(8):  # both workers: each connection meets one of them
        async with httpx.AsyncClient() as http:
            await edge.until(configured)
    await asyncio.to_thread(send, edge.url)

    async def resolved() -> Any:
        reply = await http.get(f"{resolve.url}/v1/messages/the-message", headers=ADMIN)
        return reply.json() if reply.status_code == 200 else None

    async with httpx.AsyncClient() as http:
        (message,) = (await resolve.until(resolved))["messages"]
        assert (message["workspace"], message["source"]) == ("demo", "shop")
        await _looked_up(http, resolve, message["profile_id"])
        counted = (await http.get(f"{edge.url}/metrics")).text
        assert 'cuestream_ingest_accepted_total{source="shop",workspace="demo"} 2.0' in counted
        for child in (edge, resolve):
            assert (await http.get(f"{child.url}/readyz")).status_code == 200
    for child in (edge, resolve):
        child.process.terminate()
        assert await child.ends(15) == 0


async def _looked_up(http: httpx.AsyncClient, resolve: Running, profile_id: str) -> None:
    async def find(reference: str, headers: dict[str, str]) -> httpx.Response:
        query = {"ref": reference, "workspace": "demo"}
        return await http.get(f"{resolve.url}/v1/profiles", params=query, headers=headers)

    (known,) = (await find("email:Ada@example.com", ADMIN)).json()["profiles"]
    assert known["profile_id"] == profile_id
    assert known["contact"]["consents"][0]["granted"] is True
    assert (await find("user:u1", ADMIN)).json()["profiles"] == [known]
    assert (await find(profile_id, ADMIN)).json()["profiles"] == [known]
    assert (await find("user:u1", {})).status_code == 401
    assert (await find("user:u2", ADMIN)).status_code == 404
    assert (await find("u1", ADMIN)).status_code == 400


async def test_workers_are_replaced_and_end_with_their_parent(
    site: Site, http: httpx.AsyncClient
) -> None:
    edge = await site.start("api", CUESTREAM_WORKERS="2")
    parent = psutil.Process(edge.process.pid)

    async def alive() -> bool:
        return (await http.get(f"{edge.url}/livez")).status_code == 200

    async def crew() -> set[int]:
        workers = {child.pid for child in parent.children()}
        return workers if len(workers) == 2 else set()

    await edge.until(alive)
    first = await edge.until(crew)
    os.kill(min(first), signal.SIGKILL)

    async def replaced() -> bool:
        return bool(await crew() - first)

    await edge.until(replaced)
    workers = [psutil.Process(pid) for pid in await edge.until(crew)]
    edge.process.kill()
    _, left = await asyncio.to_thread(psutil.wait_procs, workers, timeout=10)

    assert left == []
    await (await site.start("api", port=edge.port, CUESTREAM_WORKERS="1")).until(alive)


async def test_wrong_settings_end_the_process_with_2(site: Site) -> None:
    assert await (await site.start("api", CUESTREAM_WORKERS="0")).ends() == 2
    assert await (await site.start("nothing")).ends() == 2
