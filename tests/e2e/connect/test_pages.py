"""Every command and every snippet of docs/connect does what its page says."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.compat.tools import Node
from tests.e2e.connect.pages import PAGES, WORKSPACE, Block, blocks
from tests.e2e.connect.reader import Reader
from tests.e2e.stack import ROOT, Stack

READ = (
    "README.md",
    "browser.md",
    "cloudevents.md",
    "hubspot.md",
    "pixel.md",
    "salesforce.md",
    "segment.md",
    "shopify.md",
    "shopware.md",
    "stripe.md",
    "woocommerce.md",
)
ELSEWHERE = {
    "catalog.md": "deploy/local/tests/importing/test_page.py",
    "csv.md": "deploy/local/tests/importing/test_page.py",
    "kafka.md": "services/ingest/tests/integration/test_foreign_producer.py",
    "keys.md": "deploy/local/tests/test_keys.py",
    "tracking-plan.md": "tests/e2e/connect/test_first_plan.py",
    "troubleshooting.md": "deploy/local/tests/test_troubleshooting_commands.py",
    "webhooks.md": "services/ingest/tests/unit/test_connect_pages.py",
}
"""Pages that tests of their own run."""


@pytest.mark.parametrize("page", READ)
def test_what_the_page_says_works(
    page: str, stack: Stack, shop: Path, node: Callable[[], Node]
) -> None:
    reader = Reader(stack, shop, node)
    for block in blocks(page):
        reader.does(block)


def test_every_page_is_run_by_a_test() -> None:
    assert {path.name for path in PAGES.glob("*.md")} == {*READ, *ELSEWHERE}
    for page, test in ELSEWHERE.items():
        assert page in (ROOT / test).read_text()


def test_what_a_page_shows_is_compared() -> None:
    shown = Block("sh", "", "json", '{"accepted": 1, "rejected": []}')
    told = Block("sh", "", "text", "m-1 was accepted at … from the source shop.\n")

    assert shown.fits('{"rejected":[],"accepted":1}')
    assert not shown.fits('{"rejected":[],"accepted":0}')
    assert told.fits("m-1 was accepted at 12:00:00 from the source shop.\nEvent …")
    assert not told.fits("m-1 was rejected at 12:00:00 by ingest.")


def test_the_sources_of_the_pages_stand_in_the_workspace() -> None:
    entered = [page for page in READ if any(b.text.startswith(WORKSPACE) for b in blocks(page))]

    assert len(entered) == 6
