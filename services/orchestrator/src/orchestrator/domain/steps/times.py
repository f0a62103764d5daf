"""Instants in the customer's own day: a time of day, weekdays, a date with a distance from it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from common.conditions import TIMESTAMP, EvaluationError, Expression
from common.documents import Value
from orchestrator.domain.steps.reading import Reading
from orchestrator.domain.steps.step import Visit

WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
EVERY_DAY: Final = frozenset(range(len(WEEKDAYS)))

_TIME = re.compile(r"([01]\d|2[0-3]):([0-5]\d)")
_WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Instant:
    """The next time of day on one of the weekdays; with a date, the one of that day or of a day near it."""

    time: time | None
    weekdays: frozenset[int] = EVERY_DAY
    date: Expression | None = None
    offset: timedelta = timedelta()

    def after(self, visit: Visit) -> datetime | None:
        """The instant, UTC; None where the date is not known."""
        if self.date is None:
            return self.next(visit.now, visit.zone)
        try:
            found = self.date.evaluate(visit.roots)
        except EvaluationError:
            return None
        moved: datetime = found + self.offset
        if self.time is None:
            return moved.astimezone(UTC)
        return local(moved.astimezone(visit.zone).date(), self.time, visit.zone)

    def next(self, now: datetime, zone: ZoneInfo) -> datetime:
        """The next such time of day after `now`."""
        today = now.astimezone(zone).date()
        at = self.time or time()
        days = (today + timedelta(days=ahead) for ahead in range(_WEEK.days + 1))
        open_days = (day for day in days if day.weekday() in self.weekdays)
        return next(
            instant for instant in (local(day, at, zone) for day in open_days) if instant > now
        )


def local(day: date, at: time, zone: ZoneInfo) -> datetime:
    """That time of that day there, in UTC.

    A time that the clocks jump over is as long after midnight as it would have been; of one that comes twice, the first.
    """
    return datetime.combine(day, at, tzinfo=zone).astimezone(UTC)


def read_instant(value: Value, reading: Reading) -> Instant:
    """The section `until`: `time` and `weekdays`, or `date` with `offset` and `time`."""
    fields = value.fields(optional=["time", "weekdays", "date", "offset"])
    at, day = fields.get("time"), fields.get("date")
    if day is None:
        if at is None:
            value.fail("say a `time` or a `date`")
        if "offset" in fields:
            fields["offset"].fail("an `offset` is from a `date`")
        return Instant(time_of_day(at), _weekdays(fields.get("weekdays")))
    if "weekdays" in fields:
        fields["weekdays"].fail("a `date` is on one weekday only")
    offset = fields.get("offset")
    return Instant(
        time_of_day(at) if at is not None else None,
        date=reading.expression(day, TIMESTAMP),
        offset=signed_duration(offset, reading) if offset is not None else timedelta(),
    )


def signed_duration(value: Value, reading: Reading) -> timedelta:
    """A duration that may lie before: `-3d`."""
    before = value.after("-")
    return reading.duration(value) if before is None else -reading.duration(before)


def time_of_day(value: Value) -> time:
    """A time such as "09:00"."""
    text = value.text()
    match = _TIME.fullmatch(text)
    if match is None:
        value.fail(f'`{text}` is not a time of day; write it like "09:00"')
    return time(int(match[1]), int(match[2]))


def _weekdays(value: Value | None) -> frozenset[int]:
    if value is None:
        return EVERY_DAY
    found = frozenset(WEEKDAYS.index(day.one_of(WEEKDAYS)) for day in value.one_or_more())
    if not found:
        value.fail("name at least one weekday")
    return found
