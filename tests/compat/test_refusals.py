"""What a shop's developer reads in her log when the edge refuses what an SDK sends; no stack is needed for that."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
import rudderstack.analytics.client
import segment.analytics.client

from common.telemetry import serve
from services.ingest.tests.edge import SERVER_KEY, Edge

SDKS = [
    (rudderstack.analytics.client.Client, "[rudderstack]"),
    (segment.analytics.client.Client, "[Segment]"),
]


def told(client: Callable[..., Any], url: str, key: str) -> str:
    """What it says that went wrong, after one call."""
    failed: list[str] = []
    sdk = client(key, host=url, max_retries=3, on_error=lambda error, _: failed.append(str(error)))
    sdk.track("u1", "Product Added")
    sdk.flush()
    sdk.join()
    (one,) = failed
    return one


async def refused(client: Callable[..., Any], key: str) -> tuple[str, int]:
    """What it says, and how many requests it took."""
    edge, asked = Edge(), []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        asked.append(scope["path"])
        await edge.app(scope, receive, send)

    async with serve(app, "127.0.0.1", 0) as port:
        said = await asyncio.to_thread(told, client, f"http://127.0.0.1:{port}", key)
    return said, len(asked)


@pytest.mark.parametrize(("client", "name"), SDKS)
async def test_a_wrong_key_is_told_with_its_reason_and_not_tried_again(
    client: Callable[..., Any], name: str
) -> None:
    said, requests = await refused(client, f"{SERVER_KEY}x")

    assert said == f"{name} unknown_key: no source has this write key (401)"
    assert requests == 1
