"""What browsers and people see: listed pages, the addresses, settings and documents."""

from __future__ import annotations

import pytest

from services.ingest.tests.edge import (
    BROWSER_KEY,
    ORIGIN,
    SERVER_KEY,
    Edge,
    track,
)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/v1/batch", 405),
        ("PUT", "/v1/track", 405),
        ("POST", "/v1/nothing", 404),
        ("POST", "/v1/", 404),
        ("GET", "/v1/projects/x", 404),
        ("POST", f"/v1/projects/{SERVER_KEY}/settings", 405),
        ("GET", "/v1/projects/wrong/settings", 401),
        ("POST", "/v1/m", 200),
    ],
)
async def test_addresses(method: str, path: str, status: int) -> None:
    assert (await Edge().request(method, path, b"{}")).status == status


async def test_a_listed_page_may_send_and_read_the_answer() -> None:
    edge = Edge()
    reply = await edge.post("/v1/t", track(), key=BROWSER_KEY, headers={"origin": ORIGIN})

    assert reply.status == 200
    assert reply.headers["access-control-allow-origin"] == ORIGIN
    assert edge.stored[0][1].source == "site"


async def test_a_listed_page_may_read_refusals_too() -> None:
    reply = await Edge().post("/v1/t", b"{", key=BROWSER_KEY, headers={"origin": ORIGIN})

    assert (reply.status, reply.headers["access-control-allow-origin"]) == (400, ORIGIN)


@pytest.mark.parametrize(("origin", "allowed"), [(ORIGIN, ORIGIN), ("https://evil.example", None)])
async def test_the_preflight_knows_the_listed_origins(origin: str, allowed: str | None) -> None:
    headers = {
        "origin": origin,
        "access-control-request-method": "POST",
        "access-control-request-headers": "authorization,content-type,x-retry-count",
    }
    reply = await Edge().request("OPTIONS", "/v1/t", b"", headers)

    assert reply.status == 204
    assert reply.headers.get("access-control-allow-origin") == allowed
    assert (
        reply.headers["access-control-allow-headers"] == "authorization,content-type,x-retry-count"
    )


async def test_the_browser_sdk_finds_its_settings() -> None:
    reply = await Edge().request(
        "GET", f"/v1/projects/{BROWSER_KEY}/settings", b"", {"origin": ORIGIN}
    )

    assert reply.status == 200
    segment = reply.json["integrations"]["Segment.io"]
    assert (segment["apiHost"], segment["protocol"]) == ("localhost:8080/v1", "http")


async def test_the_openapi_document_lists_the_collector() -> None:
    edge = Edge()
    document = (await edge.request("GET", "/openapi.json")).json

    assert {"/v1/batch", "/v1/t", "/v1/m", "/v1/projects/{key}/settings"} <= set(document["paths"])


async def test_the_page_loads_nothing_from_elsewhere() -> None:
    reply = await Edge().request("GET", "/docs")

    assert reply.headers["content-type"].startswith("text/html")
    assert b"/v1/batch" in reply.body
    assert b"http://" not in reply.body
    assert b"https://" not in reply.body
    assert b"<script" not in reply.body
