"""Every example of docs/connect does what its page says."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from common.configuration import Limits, Quota, Source
from common.contracts.ingestion import EventAccepted
from ingest.domain.inference import arrived, infer
from ingest.domain.reading import read
from ingest.domain.webhooks import VENDORS
from services.ingest.tests.edge import BROWSER_KEY, SERVER_KEY, Edge, Reply, basic, configuration
from services.ingest.tests.making import accepted

PAGES = Path(__file__).parents[4] / "docs/connect"
_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)


def examples(page: str, language: str) -> list[str]:
    found = _BLOCK.findall((PAGES / page).read_text())
    return [text for kind, text in found if kind == language]


async def send(edge: Edge, request: str) -> Reply:
    """A request as the page prints it, under a key that the test's source has."""
    head, _, body = request.partition("\n\n")
    first, *lines = head.splitlines()
    method, path, _ = first.split(" ")
    headers = dict(line.split(": ", 1) for line in lines)
    if "Authorization" in headers:
        headers["Authorization"] = basic(SERVER_KEY)
    path = path.replace("cs_b_default", BROWSER_KEY)
    return await edge.request(method, path, body.strip().encode(), headers)


def names(edge: Edge) -> list[tuple[str, str]]:
    calls = [call for _, payload in edge.stored for call in read(payload)]
    return [(call.kind, call.event) for call in calls]


async def test_the_cloudevents_of_the_page_are_taken() -> None:
    edge = Edge()
    replies = [await send(edge, request) for request in examples("cloudevents.md", "http")]

    assert [(reply.status, reply.json["accepted"]) for reply in replies] == [
        (200, 1),
        (200, 1),
        (200, 2),
    ]
    assert names(edge) == [
        ("track", "Product Added"),
        ("track", "Order Completed"),
        ("identify", ""),
        ("track", "Webinar Registered"),
    ]


async def test_what_the_sdk_makes_of_the_pages_code_is_taken() -> None:
    (code,) = examples("cloudevents.md", "python")
    made: dict[str, Any] = {}
    exec(code, made)  # noqa: S102 - the page's own example
    edge = Edge()
    message = made["message"]
    reply = await edge.post("/v1/cloudevents", message.body, headers=message.headers)

    assert reply.status == 200
    assert names(edge) == [("track", "Product Viewed")]


async def test_the_pixels_of_the_page_are_counted() -> None:
    edge = Edge()
    replies = [await send(edge, request) for request in examples("pixel.md", "http")]

    assert [reply.status for reply in replies] == [200, 200]
    assert names(edge) == [("track", "Email Opened"), ("track", "Page Viewed")]


async def test_the_products_of_the_page_are_taken() -> None:
    edge = Edge()
    (request,) = examples("catalog.md", "http")
    reply = await send(edge, request)

    assert (reply.status, reply.json["accepted"]) == (200, 3)
    assert [record.key for record in edge.events.records] == [
        b"product:p1",
        b"product:p1",
        b"product:p2",
    ]
    assert {len(read(payload)[0].identifiers) for _, payload in edge.stored} == {0}


@pytest.mark.parametrize("page", sorted(path.name for path in PAGES.glob("*.md")))
def test_every_page_has_an_example(page: str) -> None:
    assert any(examples(page, language) for language in ("http", "yaml", "sh", "python"))


def test_the_sources_of_the_keys_page_are_as_a_workspace_wants_them() -> None:
    keys, limits = (yaml.safe_load(text) for text in examples("keys.md", "yaml"))
    sources = [Source.model_validate(value) for value in keys["sources"].values()]
    limited = Source.model_validate(limits["sources"]["shop"])

    assert [source.kind for source in sources] == ["server", "browser"]
    assert limited.limits == Limits()  # "the defaults"
    assert Quota.model_validate(limits["quota"]).burst == 4000


def test_the_sources_of_the_webhooks_page_are_as_a_workspace_wants_them() -> None:
    (text,) = examples("webhooks.md", "yaml")
    sources = [Source.model_validate(value) for value in yaml.safe_load(text)["sources"].values()]

    assert sorted(source.kind for source in sources) == sorted(VENDORS)


async def test_the_tracking_plan_of_the_page_judges_as_the_page_says() -> None:
    plan, _ = examples("tracking-plan.md", "yaml")
    (request,) = examples("tracking-plan.md", "http")
    answer, _ = examples("tracking-plan.md", "json")
    edge = Edge(configuration=configuration(plan=plan))
    reply = await send(edge, request)

    assert reply.json == json.loads(answer)
    assert [payload.planned or () for _, payload in edge.stored] == [("fit",), ()]


def test_the_plan_of_the_page_is_made_of_the_pages_events() -> None:
    _, plan = examples("tracking-plan.md", "yaml")
    _, events = examples("tracking-plan.md", "json")
    payloads = [accepted(message).event.payload(EventAccepted) for message in json.loads(events)]

    assert infer([seen for p in payloads if (seen := arrived(p))]) == yaml.safe_load(plan)
