"""A key counts, and ends, at every worker within two seconds of its release."""

from __future__ import annotations

from collections.abc import AsyncIterator
from hashlib import sha256
from pathlib import Path
from time import monotonic

import httpx
import pytest

from services.ingest.tests.edge import SERVER_KEY, WORKSPACE, configuration
from services.ingest.tests.integration.site import Running, Site, opened

SECONDS = 2.0
CONNECTIONS = 8
"""Fresh ones, so that both workers are asked: each connection meets one of them."""
NEW_KEY = "k_new"
OLD, NEW = (sha256(key.encode()).hexdigest() for key in (SERVER_KEY, NEW_KEY))


@pytest.fixture
async def site(kafka_bootstrap: str, tmp_path: Path) -> AsyncIterator[Site]:
    async with opened(kafka_bootstrap, tmp_path) as found:
        yield found


async def answers(edge: Running, key: str) -> set[int]:
    """Of all workers."""
    found = set()
    for _ in range(CONNECTIONS):
        async with httpx.AsyncClient() as http:
            reply = await http.post(f"{edge.url}/v1/batch", json={"batch": []}, auth=(key, ""))
            found.add(reply.status_code)
    return found


async def until_all(edge: Running, key: str, status: int) -> float:
    """Seconds until every worker answers so."""
    begun = monotonic()

    async def everywhere() -> bool:
        return await answers(edge, key) == {status}

    await edge.until(everywhere)
    return monotonic() - begun


async def test_a_key_counts_and_ends_everywhere_within_two_seconds(site: Site) -> None:
    edge = await site.start("api", CUESTREAM_WORKERS="2")
    await release(site, 1, OLD)
    await until_all(edge, SERVER_KEY, 200)
    assert await answers(edge, NEW_KEY) == {401}

    await release(site, 2, f"[{NEW}, {OLD}]")
    assert await until_all(edge, NEW_KEY, 200) < SECONDS
    assert await answers(edge, SERVER_KEY) == {200}

    await release(site, 3, NEW)
    assert await until_all(edge, SERVER_KEY, 401) < SECONDS
    assert await answers(edge, NEW_KEY) == {200}


async def release(site: Site, number: int, keys: str) -> None:
    text = WORKSPACE.replace(OLD, keys)
    contents = configuration(text).releases["demo"].contents
    await site.installation.configure("demo", contents, number=number)
