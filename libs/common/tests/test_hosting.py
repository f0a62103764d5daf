"""A process that waits for Kafka says so at its port, and ends as soon as it is told to."""

from __future__ import annotations

import asyncio
import socket
from typing import Any

import httpx
import pytest

from common import hosting
from common.settings import LoopSettings
from common.testing.installation import running

pytestmark = pytest.mark.integration


async def told(port: int, path: str) -> tuple[int, Any]:
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client:
        async with asyncio.timeout(20):
            while True:
                try:
                    answer = await client.get(path)
                except httpx.ConnectError:
                    await asyncio.sleep(0)
                else:
                    return answer.status_code, answer.json()


async def wait_for_kafka(settings: LoopSettings) -> None:
    async with hosting.ground(settings, schema="scoring", name="scoring.consume"):
        raise AssertionError("this Kafka answers nobody")


async def test_a_process_that_waits_for_kafka_is_alive_and_says_what_it_waits_for(
    database: Any,
) -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as silent,
        socket.create_server(("127.0.0.1", 0)) as free,
    ):
        port = free.getsockname()[1]
        free.close()
        settings = LoopSettings(
            KAFKA_BOOTSTRAP_SERVERS=f"127.0.0.1:{silent.getsockname()[1]}",
            DATABASE_URL=database.of("scoring"),
            port=port,
        )
        async with running(wait_for_kafka(settings)):
            alive, ready = await told(port, "/livez"), await told(port, "/readyz")

    assert alive == (200, {"alive": True})
    assert ready[0] == 503
    assert ready[1]["missing"].keys() == {"started"}
