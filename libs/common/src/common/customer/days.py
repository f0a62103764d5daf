"""On which days somebody did something, whatever order it is told in."""

from __future__ import annotations

from datetime import date, datetime

from common.customer.view import MAX_DAYS

_EPOCH = date(1970, 1, 1).toordinal()


def with_day(days: tuple[int, ...], at: datetime) -> tuple[int, ...]:
    """The days with the one of that instant."""
    day = at.toordinal() - _EPOCH
    if days and days[-1] == day:
        return days
    return days if day in days else together(days, (day,))


def together(ours: tuple[int, ...], theirs: tuple[int, ...]) -> tuple[int, ...]:
    """The days of both; the newest stay."""
    return tuple(sorted({*ours, *theirs})[-MAX_DAYS:])
