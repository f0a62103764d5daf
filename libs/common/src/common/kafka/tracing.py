"""The W3C `traceparent` header, passed on by hand from the edge to the last record."""

from __future__ import annotations

import re
from collections.abc import Mapping

from common.ids import fresh

HEADER = "traceparent"
_SHAPE = re.compile("00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")


def received(headers: Mapping[str, bytes]) -> str | None:
    """The record's traceparent; None when there is none or it is malformed."""
    text = headers.get(HEADER, b"").decode("ascii", "replace")
    return text if _SHAPE.fullmatch(text) else None


def begun() -> str:
    """A new trace, sampled; its first span is called by the trace's own first half, which saves a second random number."""
    trace = fresh().hex
    return f"00-{trace}-{trace[:16]}-01"


def continued(parent: str | None) -> str:
    """The same trace with a span of our own; a new trace where there is no valid parent."""
    if parent is None or not _SHAPE.fullmatch(parent):
        return begun()
    version, trace, _, flags = parent.split("-")
    return f"{version}-{trace}-{fresh().hex[:16]}-{flags}"
