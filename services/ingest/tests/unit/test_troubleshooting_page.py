"""docs/connect/troubleshooting.md says what the code does."""

from __future__ import annotations

import re
from typing import get_args

from ingest.domain.collecting import Reason, Unseen
from services.ingest.tests.edge import Edge
from services.ingest.tests.unit.test_connect_pages import PAGES, examples, send

PAGE = "troubleshooting.md"


async def test_the_message_of_the_page_is_rejected_as_it_says() -> None:
    edge = Edge()
    (request,) = examples(PAGE, "http")
    reply = await send(edge, request)

    assert (reply.status, reply.json["reason"]) == (400, "no_identity")
    assert reply.json["messageId"] == "m-1001"


def test_the_page_names_every_reason() -> None:
    text = (PAGES / PAGE).read_text()
    named = set(re.findall(r"`([a-z_]+)`", text))

    assert {*get_args(Reason), *get_args(Unseen)} <= named
