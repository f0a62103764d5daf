"""The health app over real HTTP."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from contextlib import AsyncExitStack
from typing import Any

import httpx
import pytest

from common.errors import PermanentError, TransientError
from common.telemetry import Request, health_app, is_admin, serve

KEY = "open sesame"
KEY_SHA256 = "41ef4bb0b23661e66301aac36066912dac037827b4ae63a7b1165a5aa93ed4eb"


async def get(app: Any, path: str, **headers: str) -> tuple[int, Any]:
    async with serve(app, "127.0.0.1", 0) as port, httpx.AsyncClient() as client:
        response = await client.get(f"http://127.0.0.1:{port}{path}", headers=headers)
    body = response.text
    return response.status_code, json.loads(body) if body.startswith(("{", "[")) else body


async def fine() -> Mapping[str, bool | str]:
    return {"kafka": True}


async def test_a_process_is_alive_until_its_loop_is_stuck() -> None:
    assert await get(health_app(fine), "/livez") == (200, {"alive": True})
    assert await get(health_app(fine, alive=lambda: False), "/livez") == (503, {"alive": False})


async def test_readiness_says_what_is_missing() -> None:
    async def lacking() -> Mapping[str, bool | str]:
        return {"kafka": True, "configuration": False, "partition 3": "log_changed"}

    async def away() -> Mapping[str, bool | str]:
        raise TransientError("database_unavailable", "refused")

    assert await get(health_app(fine), "/readyz") == (200, {"ready": True})
    assert await get(health_app(lacking), "/readyz") == (
        503,
        {"ready": False, "missing": {"configuration": False, "partition 3": "log_changed"}},
    )
    assert await get(health_app(away), "/readyz") == (
        503,
        {"ready": False, "missing": {"database_unavailable": "refused"}},
    )


async def test_who_ends_sends_balancers_away_before_it_closes() -> None:
    async with AsyncExitStack() as stack:
        client = await stack.enter_async_context(httpx.AsyncClient())
        serving = serve(health_app(fine), "127.0.0.1", 0, drain=1.0)
        url = f"http://127.0.0.1:{await serving.__aenter__()}"
        assert (await client.get(f"{url}/readyz")).status_code == 200

        closing = asyncio.create_task(serving.__aexit__(None, None, None))
        ready, answer = await client.get(f"{url}/readyz"), await client.get(f"{url}/livez")
        await closing

        assert (ready.status_code, ready.json()) == (503, {"ready": False})
        assert (answer.status_code, answer.json()) == (200, {"alive": True})
        assert ready.headers["connection"] == answer.headers["connection"] == "close"
        with pytest.raises(httpx.ConnectError):
            await client.get(f"{url}/livez")


async def test_metrics_are_in_prometheus_text() -> None:
    status, text = await get(health_app(fine), "/metrics")

    assert status == 200
    assert "# HELP cuestream_log_keys_dropped_total" in text


async def test_own_routes_get_parameters_query_and_headers() -> None:
    async def message(request: Request) -> tuple[int, object]:
        return 200, [request.params, request.query, request.headers["x-test"]]

    app = health_app(fine, {"/v1/messages/{message_id}": message})

    assert await get(app, "/v1/messages/a%2Cb?ref=user:1&w=", **{"X-Test": "yes"}) == (
        200,
        [{"message_id": "a,b"}, {"ref": "user:1", "w": ""}, "yes"],
    )
    assert (await get(app, "/v1/messages/"))[0] == 404


async def test_a_parameter_at_the_end_may_hold_slashes() -> None:
    async def message(request: Request) -> tuple[int, object]:
        return 200, request.params

    app = health_app(fine, {"/v1/messages/{message_id}": message})

    assert await get(app, "/v1/messages/%2Fshop%2Fweb%201") == (200, {"message_id": "/shop/web 1"})


@pytest.mark.parametrize(
    ("error", "answer"),
    [
        (PermanentError("bad_reference", "x"), (400, {"error": "bad_reference", "detail": "x"})),
        (TransientError("away"), (503, {"error": "away", "detail": ""})),
        (
            ZeroDivisionError(),
            (500, {"error": "internal", "detail": "a bug; the log has its place"}),
        ),
    ],
)
async def test_errors_of_own_routes_have_a_status(error: Exception, answer: Any) -> None:
    async def fail(request: Request) -> tuple[int, object]:
        raise error

    assert await get(health_app(fine, {"/x": fail}), "/x") == answer


async def test_a_taken_port_is_said() -> None:
    async with serve(health_app(fine), "127.0.0.1", 0) as port:
        with pytest.raises(PermanentError, match="port_taken"):
            async with serve(health_app(fine), "127.0.0.1", port):
                pass


async def test_processes_may_share_a_port() -> None:
    async with (
        serve(health_app(fine), "127.0.0.1", 0, shared=True) as port,
        serve(health_app(fine), "127.0.0.1", port, shared=True) as same,
    ):
        assert same == port


async def test_leaving_does_not_wait_for_idle_connections() -> None:
    async with (
        httpx.AsyncClient() as client,
        asyncio.timeout(5),
        serve(health_app(fine), "127.0.0.1", 0) as port,
    ):
        assert (await client.get(f"http://127.0.0.1:{port}/livez")).status_code == 200


def test_the_admin_key_opens_and_nothing_else_does() -> None:
    assert is_admin({"authorization": f"Bearer {KEY}"}, KEY_SHA256)
    assert is_admin({"authorization": f"bearer {KEY}"}, KEY_SHA256.upper())
    assert not is_admin({"authorization": f"Basic {KEY}"}, KEY_SHA256)
    assert not is_admin({"authorization": "Bearer wrong"}, KEY_SHA256)
    assert not is_admin({}, KEY_SHA256)
    assert not is_admin({"authorization": f"Bearer {KEY}"}, None)
