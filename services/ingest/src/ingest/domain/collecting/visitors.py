"""Whether somebody looks at a page, or a machine does: bots, and browsers that fetch what may never be looked at."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal

Unseen = Literal["bot", "prefetch"]

# `Sec-Purpose` is the standard (`prefetch`, `prefetch;prerender`); the others are what browsers said before.
_PURPOSES = (b"sec-purpose", b"purpose", b"x-purpose", b"x-moz")
_AHEAD = (b"prefetch", b"prerender", b"preview")
_LONGEST = 1_000
# A Cubot is a phone. Headless browsers are left alone: tests are written with them, and who means harm says another name.
_BOT = re.compile(
    rb"(?<!cu)bot(?![a-z])|crawl|spider|slurp|mediapartners-google|adsbot|google-read-aloud|facebookexternalhit"
    rb"|lighthouse|pagespeed|gtmetrix|pingdom|uptime|site24x7|statuscake|phantomjs|bingpreview|ia_archiver",
    re.IGNORECASE,
)


def unseen(headers: Mapping[bytes, bytes]) -> Unseen | None:
    """Why nobody sees the page from which a browser's request comes; None for a visitor."""
    for name in _PURPOSES:
        if any(word in headers.get(name, b"").lower() for word in _AHEAD):
            return "prefetch"
    return "bot" if _BOT.search(headers.get(b"user-agent", b"")[:_LONGEST]) else None
