"""Durations as people write them in configuration: 10s, 30m, 1h30m, 7d."""

from __future__ import annotations

import re
from datetime import timedelta

_UNITS = {"d": "days", "h": "hours", "m": "minutes", "s": "seconds", "ms": "milliseconds"}
_WHOLE = re.compile(r"(?:[0-9]{1,9}(?:ms|[dhms]))+", re.ASCII)
_PART = re.compile(r"([0-9]+)(ms|[dhms])", re.ASCII)
LONGEST = timedelta(days=3_650)


def duration(text: object) -> timedelta:
    """Read a duration.

    Raises:
        ValueError: it is not one, or longer than ten years.
    """
    if isinstance(text, timedelta):
        return text
    if not isinstance(text, str) or not _WHOLE.fullmatch(text.strip()):
        raise ValueError(f"{text!r} is not a duration; write it like 10s, 30m, 1h30m or 7d")
    parts = _PART.findall(text)
    total = sum((timedelta(**{_UNITS[unit]: int(n)}) for n, unit in parts), timedelta())
    if total > LONGEST:
        raise ValueError(f"{text!r} is longer than ten years")
    return total
