"""Who may send under which key, and for how long."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from typing import Any

import msgspec
import pytest

from common.clock import utc_now
from common.configuration import Configuration
from common.telemetry import Request, health_app
from ingest.api.lookups import Lookups
from ingest.api.sources import Sources
from ingest.domain.people import DEFAULT_RULES
from services.ingest.tests.edge import (
    BROWSER_KEY,
    ORIGIN,
    SERVER_KEY,
    WORKSPACE,
    Edge,
    configuration,
    track,
)

OLD, NEW = sha256(SERVER_KEY.encode()).hexdigest(), sha256(b"k_new").hexdigest()


async def statuses(edge: Edge, *keys: str) -> list[int]:
    return [(await edge.post("/v1/track", track(), key=key)).status for key in keys]


async def test_a_key_is_rotated_without_a_request_refused() -> None:
    edge = Edge()
    assert await statuses(edge, SERVER_KEY, "k_new") == [200, 401]

    edge.configuration = configuration(WORKSPACE.replace(OLD, f"[{NEW}, {OLD}]"))
    assert await statuses(edge, SERVER_KEY, "k_new") == [200, 200]

    edge.configuration = configuration(WORKSPACE.replace(OLD, NEW))
    assert await statuses(edge, SERVER_KEY, "k_new") == [401, 200]


async def test_the_hash_of_a_key_is_no_key() -> None:
    assert await statuses(Edge(), OLD) == [401]


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"origin": ORIGIN}, 200),
        ({"origin": "https://evil.example"}, 401),
        ({"origin": f"{ORIGIN}.evil.example"}, 401),
        ({"origin": "null"}, 401),
        ({}, 401),
    ],
)
async def test_a_browsers_key_counts_on_listed_pages_only(
    headers: dict[str, str], status: int
) -> None:
    edge = Edge()
    reply = await edge.post("/v1/track", track(), key=BROWSER_KEY, headers=headers)

    assert reply.status == status
    assert len(edge.stored) == (status == 200)


@pytest.mark.parametrize("key", [BROWSER_KEY, SERVER_KEY])
@pytest.mark.parametrize(
    "route",
    [
        "/v1/profiles",
        "/v1/messages/{message_id}",
        "/v1/identifiers/shared",
        "/v1/consents",
        "/v1/sources",
    ],
)
async def test_a_write_key_reads_nothing(key: str, route: str) -> None:
    directory: Any = None  # nobody gets as far as that
    admin = sha256(b"the admin's").hexdigest()
    lookups = Lookups(
        directory, Configuration, lambda _: DEFAULT_RULES, lambda _: 0, directory, admin
    )
    sources = Sources(directory, Configuration, utc_now, admin)
    request = Request({"message_id": "m"}, {}, {"authorization": f"Bearer {key}"})

    status, _ = await {**lookups.routes(), **sources.routes()}[route](request)

    assert status == 401


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("/v1/profiles", "ref=user:u1&workspace=a%00b"),
        ("/v1/profiles", "ref=user:%00"),
        ("/v1/profiles", "ref=email:a%00@b.example"),
        ("/v1/consents", "ref=user:u1&workspace=%00"),
        ("/v1/consents", "ref=user:u1&at=%00"),
        ("/v1/identifiers/shared", "workspace=%00"),
        ("/v1/sources", "workspace=%00"),
        ("/v1/messages/m\0", ""),
        ("/v1/messages/m", "workspace=%00"),
        ("/v1/messages/\udc80", ""),
    ],
)
async def test_a_question_that_no_text_can_answer_is_refused(path: str, query: str) -> None:
    directory: Any = None  # nobody gets as far as that
    admin = sha256(b"the admin's").hexdigest()
    lookups = Lookups(
        directory, Configuration, lambda _: DEFAULT_RULES, lambda _: 0, directory, admin
    )
    sources = Sources(directory, Configuration, utc_now, admin)
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": "GET",
        "path": path,
        "query_string": query.encode(),
        "headers": [(b"authorization", b"Bearer the admin's")],
    }
    app: Any = health_app(_ready, {**lookups.routes(), **sources.routes()})
    await app(scope, None, send)

    assert sent[0]["status"] == 400
    assert msgspec.json.decode(sent[1]["body"])["error"] in ("nul_character", "not_unicode")


async def _ready() -> Mapping[str, bool | str]:
    return {}
