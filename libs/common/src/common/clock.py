"""The only place that reads the machine's clocks."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

Clock = Callable[[], datetime]
"""Gives the present instant, aware, in UTC."""

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def utc_now() -> datetime:
    """The present instant by this machine's clock."""
    return datetime.now(UTC)


def monotonic() -> float:
    """Seconds of a clock that never goes back; only differences mean anything."""
    return time.monotonic()


def from_millis(millis: int) -> datetime:
    """An instant from milliseconds since 1970 UTC, exactly (no floating point)."""
    return EPOCH + timedelta(milliseconds=millis)


def to_millis(instant: datetime) -> int:
    """Whole milliseconds since 1970 UTC, rounded down."""
    return (instant - EPOCH) // timedelta(milliseconds=1)
