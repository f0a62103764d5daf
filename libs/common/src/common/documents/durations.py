"""Durations as people write them: `30m`, `1h30m`, `7d`."""

from __future__ import annotations

import re
from datetime import timedelta

MAX_DURATION = timedelta(days=3650)

_UNITS = {"ms": 1, "s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 604_800_000}
_PART = r"(\d+(?:\.\d+)?)(ms|[smhdw])"


def parse_duration(text: str) -> timedelta:
    """`30m`, `1h30m`, `7d`: number and unit (ms, s, m, h, d, w), largest first or not.

    Raises:
        ValueError: a sentence saying what is wrong.
    """
    if re.fullmatch(f"({_PART})+", text) is None:
        raise ValueError(f"`{text}` is not a duration such as `30s`, `45m`, `24h` or `7d`")
    millis = sum(float(number) * _UNITS[unit] for number, unit in re.findall(_PART, text))
    if millis > MAX_DURATION / timedelta(milliseconds=1):
        raise ValueError(f"`{text}` is longer than ten years")
    return timedelta(milliseconds=millis)


def format_duration(duration: timedelta) -> str:
    """The shortest text that `parse_duration` reads back as the same whole milliseconds."""
    rest = duration // timedelta(milliseconds=1)
    parts = []
    for unit in ("d", "h", "m", "s", "ms"):
        count, rest = divmod(rest, _UNITS[unit])
        if count:
            parts.append(f"{count}{unit}")
    return "".join(parts) or "0s"
