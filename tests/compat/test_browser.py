"""Segment's library for browsers, unmodified and in a real Chromium, needs nothing but a key and our address."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.compat.browser import opened
from tests.compat.calls import ACTIVITIES, KINDS, Call
from tests.compat.site import BROWSER, Site, check, key_of
from tests.compat.tools import Node
from tests.e2e.stack import eventually

pytestmark = pytest.mark.chain
USER = "browser-dora"
LETTERS = {f"/v1/{letter}" for letter in "itpsga"}
SAID: list[tuple[str, list[object]]] = [
    ("identify", [USER, {"locale": "de"}]),
    ("track", [ACTIVITIES["track"], {"product_id": "p1"}]),
    ("page", ["Home"]),
    ("screen", ["Basket"]),
    ("group", [f"{USER}-company"]),
    ("alias", [USER, f"{USER}-before"]),
]


def test_every_call_in_a_browser_arrives_once(site: Site, node: Callable[[], Node]) -> None:
    node()  # has the library
    collector = site.stack.endpoints["ingest"]
    with opened(site.origin, collector, key_of(BROWSER)) as browser:
        events = browser.say(SAID)
        eventually("answers to all", lambda: browser.posted() >= LETTERS)

    calls = [Call(event["type"], {"userId": USER, **event}) for event in events]
    assert [call.kind for call in calls] == list(KINDS)
    check(site, BROWSER, calls, site.told(lambda told: told.has(calls)))
    assert {status for _, _, status, _ in browser.answers} == {200}
    kinds = {kind for method, _, _, kind in browser.answers if method == "POST"}
    assert {kind.partition(";")[0] for kind in kinds} == {"text/plain"}
