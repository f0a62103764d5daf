"""The pixel of mails and of pages without script, and who is taken for no visitor."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.errors import TransientError
from ingest.domain.collecting import unseen
from ingest.domain.reading import read
from services.ingest.tests.edge import BROWSER_KEY, ORIGIN, SERVER_KEY, Edge, Reply, track

GIF = b"GIF89a"


async def fetch(edge: Edge, **said: str) -> Reply:
    query = urlencode({"key": BROWSER_KEY, **said})
    return await edge.request("GET", f"/v1/pixel.gif?{query}")


async def test_a_picture_that_is_fetched_is_a_visit() -> None:
    edge = Edge()
    reply = await fetch(edge, anonymous="a1", path="/sale", title="Sale", utm_source="news")

    assert (reply.status, reply.headers["content-type"]) == (200, "image/gif")
    assert reply.body.startswith(GIF)
    ((event, payload),) = edge.stored
    (call,) = read(payload)
    assert (event.subject, call.event) == ("a1", "Page Viewed")
    assert call.properties == {"path": "/sale", "title": "Sale"}
    assert call.context == {"page": {"path": "/sale"}, "campaign": {"source": "news"}}


async def test_a_mail_that_is_opened_counts_once_under_its_id() -> None:
    edge = Edge()
    await fetch(edge, event="open", user="u1", id="mail-7", campaign_id="c1")
    await fetch(edge, event="open", user="u1", id="mail-7", campaign_id="c1")

    (one, payload), (two, _) = edge.stored
    assert one.id == two.id
    assert read(payload)[0].event == "Email Opened"


async def test_no_cache_keeps_it_and_no_cookie_is_set() -> None:
    reply = await fetch(Edge(), user="u1")

    assert "no-store" in reply.headers["cache-control"]
    assert "set-cookie" not in reply.headers


@pytest.mark.parametrize(
    ("said", "status", "error"),
    [
        ({}, 400, "no_identity"),
        ({"user": "u1", "key": "wrong"}, 401, "unknown_key"),
        ({"user": "u1", "key": ""}, 401, "unknown_key"),
        ({"user": "u1", "key": SERVER_KEY}, 401, "unknown_key"),
        ({"user": "u1", "event": "Order Completed"}, 400, "unknown_pixel"),
        ({"user": "a\0b"}, 400, "nul_character"),
        ({"user": "x" * 40_000}, 400, "event_too_large"),
    ],
)
async def test_what_is_refused_is_a_picture_too(
    said: dict[str, str], status: int, error: str
) -> None:
    edge = Edge()
    reply = await fetch(edge, **said)

    assert (reply.status, reply.headers["x-error"]) == (status, error)
    assert reply.body.startswith(GIF)
    assert edge.events.records == []


async def test_without_kafka_it_says_when_to_come_again() -> None:
    edge = Edge()
    edge.events.failure = TransientError("kafka_unavailable", "away")
    reply = await fetch(edge, user="u1")

    assert (reply.status, reply.headers["x-error"]) == (503, "kafka_unavailable")
    assert "retry-after" in reply.headers


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"referer": f"{ORIGIN}/sale"}, 200),
        ({"referer": "https://elsewhere.example/"}, 401),
        ({"referer": "https://[broken"}, 200),
        ({"origin": "https://elsewhere.example"}, 401),
    ],
)
async def test_it_counts_in_mails_and_on_the_listed_pages(
    headers: dict[str, str], status: int
) -> None:
    path = f"/v1/pixel.gif?key={BROWSER_KEY}&user=u1"

    assert (await Edge().request("GET", path, headers=headers)).status == status


async def test_asking_for_its_headers_is_no_visit() -> None:
    edge = Edge()
    reply = await edge.request("HEAD", f"/v1/pixel.gif?key={BROWSER_KEY}&user=u1")

    assert (reply.status, edge.events.records) == (200, [])
    assert (await edge.request("POST", "/v1/pixel.gif")).status == 405


@given(st.text(max_size=40))
async def test_any_address_gets_a_picture(query: str) -> None:
    reply = await Edge().request("GET", "/v1/pixel.gif?" + query)

    assert reply.body.startswith(GIF)


@pytest.mark.parametrize(
    ("headers", "why"),
    [
        ({"user-agent": "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"}, "bot"),
        ({"user-agent": "Mozilla/5.0 (compatible; bingbot/2.0)"}, "bot"),
        ({"user-agent": "Mozilla/5.0 AppleWebKit Chrome/120 Safari Chrome-Lighthouse"}, "bot"),
        ({"user-agent": "facebookexternalhit/1.1"}, "bot"),
        ({"user-agent": "Baiduspider/2.0"}, "bot"),
        ({"sec-purpose": "prefetch"}, "prefetch"),
        ({"sec-purpose": "prefetch;prerender"}, "prefetch"),
        ({"purpose": "prefetch"}, "prefetch"),
        ({"x-purpose": "preview"}, "prefetch"),
        ({"x-moz": "prefetch"}, "prefetch"),
        ({"sec-purpose": "", "user-agent": ""}, None),
        ({"user-agent": "Mozilla/5.0 (Linux; Android 9; CUBOT X18 Plus) Chrome/120 Mobile"}, None),
        ({"user-agent": "Mozilla/5.0 (Linux; Android 9; CUBOT_NOTE) Chrome/120 Mobile"}, None),
        ({"user-agent": "Mozilla/5.0 (via ggpht.com GoogleImageProxy)"}, None),
        ({"user-agent": "Mozilla/5.0 (X11; Linux x86_64) HeadlessChrome/120.0.0.0"}, None),
        ({}, None),
    ],
)  # fmt: skip
def test_machines_are_told_from_visitors(headers: dict[str, str], why: str | None) -> None:
    assert unseen({name.encode(): text.encode() for name, text in headers.items()}) == why


@pytest.mark.parametrize("batch", [True, False])
async def test_what_a_machine_sends_under_a_browser_key_is_not_stored(batch: bool) -> None:
    edge = Edge()
    headers = {"origin": ORIGIN, "user-agent": "Googlebot/2.1"}
    path, body = ("/v1/batch", {"batch": [track(), track()]}) if batch else ("/v1/t", track())
    reply = await edge.post(path, body, key=BROWSER_KEY, headers=headers)

    assert (reply.status, reply.json["accepted"]) == (200, 0)
    assert (reply.json["ignored"], reply.json["reason"]) == (2 if batch else 1, "bot")
    assert edge.events.records == []


async def test_a_server_says_whatever_it_likes_of_itself() -> None:
    edge = Edge()
    await edge.post("/v1/t", track(), headers={"user-agent": "shop-bot/1.0", "x-moz": "prefetch"})

    assert len(edge.stored) == 1
