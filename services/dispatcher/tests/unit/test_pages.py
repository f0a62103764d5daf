"""The pages lead on wherever a proxy puts them: PUBLIC_URL may have a path, and nobody here knows which one the browser sees."""

from __future__ import annotations

import re
from urllib.parse import urljoin

import pytest
from fastapi.responses import HTMLResponse

from dispatcher.api.pages import Pages
from dispatcher.api.words import EN

PAGES = Pages(EN, {})


def targets(page: HTMLResponse, seen_at: str) -> set[str]:
    """Where a browser goes from that page."""
    found = re.findall(r'(?:action|href)="([^"]*)"', bytes(page.body).decode())
    return {urljoin(seen_at, target) for target in found}


@pytest.mark.parametrize("base", ["https://mail.example.org", "https://example.org/shop/mail"])
def test_every_page_leads_to_pages_below_the_same_base(base: str) -> None:
    asks = targets(PAGES.unsubscribe("t0"), f"{base}/u/t0")
    done = targets(PAGES.unsubscribed("t0"), f"{base}/u/t0")
    chooses = targets(PAGES.preferences("t0"), f"{base}/p/t0")
    again = targets(PAGES.not_now(), f"{base}/p/t0")

    assert asks == {f"{base}/u/t0", f"{base}/p/t0"}
    assert done == chooses == again == {f"{base}/p/t0"}
