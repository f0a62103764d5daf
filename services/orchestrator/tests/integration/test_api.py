"""`orchestrator api` on a real Kafka and a real PostgreSQL: published, announced, read back, explained, shown."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx

from common.clock import utc_now
from common.configuration import content_of
from common.configuration.feed import ConfigurationFeed
from common.contracts.decisions import DecisionMade
from common.ids import derive
from common.postgres import Database
from common.testing.installation import Installation, installed, running
from cuestream.stack.ports import free_port
from orchestrator.ports.publication import Draft
from orchestrator.settings import ApiSettings, MigrateSettings
from orchestrator.store import SCHEMA, PostgresPublications
from orchestrator.wiring import api, migrate
from services.orchestrator.tests.reading import ANNA, KEY, KEY_SHA256, NO, configuration


@asynccontextmanager
async def served(shop: Installation, url: str) -> AsyncIterator[httpx.AsyncClient]:
    port = free_port()
    told: dict[str, Any] = {
        **shop.settings.model_dump(by_alias=True),
        "DATABASE_URL": url,
        "port": port,
        "admin_key_sha256": KEY_SHA256,
        "token_secrets": "a secret of the page",
        "local": True,
    }
    settings = ApiSettings(**told)
    client = httpx.AsyncClient(
        base_url=f"http://127.0.0.1:{port}",
        headers={"Authorization": f"Bearer {KEY}"},
        timeout=20,
        transport=httpx.AsyncHTTPTransport(retries=8),  # until it listens
    )
    async with running(api(settings)), client:
        assert (await client.get("/readyz")).is_success
        yield client


async def in_force(shop: Installation, *wanted: str) -> ConfigurationFeed:
    """What a process of the installation has in force once it knows these workspaces."""
    async with shop.log.reader() as reader:
        feed = ConfigurationFeed(reader)
        following = asyncio.create_task(feed.run())
        try:
            async with asyncio.timeout(20):
                while not feed.current.releases.keys() >= set(wanted):
                    await feed.changed(feed.current)
        finally:
            following.cancel()
    return feed


async def test_what_is_published_comes_into_force_everywhere_and_decisions_are_explained(
    kafka_bootstrap: str, database: Any
) -> None:
    url = database.of(SCHEMA)
    await migrate(MigrateSettings(DATABASE_URL=url))
    async with installed(kafka_bootstrap) as shop:
        # A process that stored a release and died before it was announced:
        content = content_of("workspace", "left_over", {"workspace.yaml": "x"})
        async with Database.connect(url, schema=SCHEMA, application_name="test") as tables:
            draft = Draft("left_over", 0, (content,), live=False)
            await PostgresPublications(tables).publish([draft], by="key:1", at=utc_now())

        async with served(shop, url) as client:
            body = {"workspaces": configuration()}
            applied = await client.post("/v1/configuration/apply", json=body)
            assert applied.json()["published"], applied.text
            again = await client.post("/v1/configuration/apply", json=body)
            assert not again.json()["published"]

            feed = await in_force(shop, "default", "demo", "left_over")
            release = feed.current.release("demo")
            assert release is not None
            assert release.one("playbook", "cart_abandonment") is not None

            decision = DecisionMade(
                decision_id=derive("decision"),
                trigger_id=ANNA,
                enrollment_id=derive("enrollment"),
                playbook="cart_abandonment",
                version="v1",
                outcome="rejected",
                reason="no_consent",
                candidates=(NO,),
            )
            await shop.append(decision, ANNA, workspace="demo")

            why = (await client.get(f"/v1/profiles/{ANNA}/why")).json()
            assert why["verdict"] == "No mail: they have not agreed to marketing by e-mail"
            found = await client.get(f"/v1/decisions/{decision.decision_id}")
            assert found.json()["data"]["reason"] == "no_consent"
            assert await shown(client, "they have not agreed to marketing by e-mail")


async def shown(client: httpx.AsyncClient, text: str) -> bool:
    """Whether the page's stream, or the page that it begins with, shows it."""
    if text in (await client.get("/")).text:
        return True
    async with asyncio.timeout(20), client.stream("GET", "/events") as stream:
        async for line in stream.aiter_lines():
            if text in line:
                return True
    return False
