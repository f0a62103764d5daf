"""Where libfaketime is, and the environment that makes a process's clock lie."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

_PLACES: Final = (
    "/usr/lib/*/faketime/libfaketimeMT.so.1",  # Debian's package faketime
    "/usr/lib64/faketime/libfaketimeMT.so.1",
    "/usr/lib/faketime/libfaketimeMT.so.1",
    "/usr/local/lib/faketime/libfaketimeMT.so.1",
)
_NAMES: Final = ("LD_PRELOAD", "FAKETIME", "FAKETIME_DONT_FAKE_MONOTONIC")


def library() -> Path | None:
    """The library, for programs with threads; None where it is not installed."""
    root = Path("/")
    return next((path for place in _PLACES for path in root.glob(place[1:])), None)


def faked(seconds: int, environment: Mapping[str, str]) -> dict[str, str]:
    """The environment of a process whose clock is off by so much; only what it is o'clock lies, not what has passed."""
    plain = {name: value for name, value in environment.items() if name not in _NAMES}
    found = library()
    if not seconds or found is None:
        return plain
    return {
        **plain,
        "LD_PRELOAD": str(found),
        "FAKETIME": f"{seconds:+d}",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
    }
