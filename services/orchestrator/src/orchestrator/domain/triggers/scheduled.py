"""Triggers that are due at an instant of each customer's own: a date with a distance from it, or a silence."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import ClassVar, Final, Protocol, Self
from zoneinfo import ZoneInfo

from typing_extensions import override

from common.conditions import EvaluationError, Expression
from common.customer import Customer
from common.documents import Value
from common.ids import derive
from orchestrator.domain.occasion import Occasion
from orchestrator.domain.setting import zone_of
from orchestrator.domain.steps import Reading, local, signed_duration, time_of_day
from orchestrator.domain.triggers.trigger import Trigger
from orchestrator.domain.watching import Path

TIMER: Final = "trigger:"
"""How the names of these timers begin."""

_SEEN: Final = frozenset({("customer", "last_seen")})
_RHYTHM: Final = frozenset({("customer", "active_days")})
_LEAP: Final = ("before", "after")
_INSTANT: Final = timedelta(microseconds=1)
_MIDNIGHT: Final = time()


class Scheduled(Trigger, Protocol):
    """A trigger with a timer of its own for each customer."""

    @property
    def timer(self) -> str:
        """Derived from what the playbook says of the trigger: an edit elsewhere in it leaves the timer as it is."""
        ...

    @property
    @override
    def reads(self) -> frozenset[Path]:
        """The customer's fields on which its instant depends."""
        ...

    @property
    def hastened_by(self) -> frozenset[Path]:
        """Those of them that may bring it forward; what puts it off is found out when the timer fires."""
        ...

    def next(self, customer: Customer, after: datetime) -> datetime | None:
        """The first instant after that one at which it is due, as far as we know today; None: never."""
        ...


def is_due(trigger: Scheduled, occasion: Occasion) -> bool:
    """Whether the timer that fired is this trigger's and the customer's instant has not moved since it was set."""
    if occasion.timer != trigger.timer or occasion.due_at is None:
        return False
    due = trigger.next(occasion.customer, occasion.due_at - _INSTANT)
    return due == occasion.due_at


@dataclass(frozen=True, slots=True)
class Dated:
    """A date of the customer's, such as a birthday, with a distance from it, at a time of day there."""

    events: ClassVar[frozenset[str]] = frozenset()

    timer: str
    day: Expression
    """A timestamp, or a month and a day such as `02-29`."""
    yearly: bool
    offset: timedelta
    time: time
    zone: ZoneInfo
    """Where a customer is of whom we do not know it."""
    leap: str
    """On which side of 29 February it is in other years."""

    @classmethod
    def read(cls, value: Value, reading: Reading) -> Self:
        fields = value.fields(required=["date"], optional=["every", "offset", "time", "leap"])
        every, offset, at = fields.get("every"), fields.get("offset"), fields.get("time")
        leap = fields.get("leap")
        yearly = every is not None and every.one_of(["year"]) == "year"
        if leap is not None and not yearly:
            leap.fail("`leap` is for what comes `every: year`")
        return cls(
            timer_of(value, reading),
            reading.day(fields["date"], yearly=yearly),
            yearly,
            signed_duration(offset, reading) if offset is not None else timedelta(),
            time_of_day(at) if at is not None else _MIDNIGHT,
            reading.zone,
            leap.one_of(_LEAP) if leap is not None else "before",
        )

    @property
    def reads(self) -> frozenset[Path]:
        return self.day.reads.fields | {("customer", "time_zone")}

    @property
    def hastened_by(self) -> frozenset[Path]:
        return self.reads

    def next(self, customer: Customer, after: datetime) -> datetime | None:
        zone = zone_of(customer, self.zone)
        try:
            found = self.day.evaluate({"customer": customer})
        except EvaluationError:
            return None
        if found is None:
            return None
        first = None if isinstance(found, str) else found.astimezone(zone).date()
        days = self._days(found if first is None else first, after.year)
        instants = (local(day + self.offset, self.time, zone) for day in days)
        return next((instant for instant in instants if instant > after), None)

    def matches(self, occasion: Occasion) -> bool:
        return is_due(self, occasion)

    def in_time(self, occasion: Occasion) -> bool:  # noqa: ARG002 - the protocol's; timers are never early
        return True

    def _days(self, said: str | date, year: int) -> Iterator[date]:
        """The days from which it is counted, the earliest first."""
        if isinstance(said, date) and not self.yearly:
            yield said
            return
        month, day = (said.month, said.day) if isinstance(said, date) else _month_and_day(said)
        # An offset may move it over the end of a year; 29 February needs no more than the next year by its rule.
        for one in range(year - 1, year + 3):
            found = _day_of(one, month, day, self.leap)
            if found is not None and not (isinstance(said, date) and found <= said):
                yield found


@dataclass(frozen=True, slots=True)
class Inactive:
    """A silence: so long after the customer was last seen, or so many times as long as their own rhythm."""

    events: ClassVar[frozenset[str]] = frozenset()

    timer: str
    least: timedelta
    most: timedelta
    """Also where the customer has no rhythm yet."""
    rhythms: float | None = None

    @classmethod
    def read(cls, value: Value, reading: Reading) -> Self:
        said = value.fields(required=["inactive"])["inactive"]
        timer = timer_of(value, reading)
        if not said.is_mapping:
            lasts = reading.duration(said)
            if lasts <= timedelta():
                said.fail("a silence is longer than nothing")
            return cls(timer, lasts, lasts)
        fields = said.fields(required=["rhythm", "least", "most"])
        least, most = reading.duration(fields["least"]), reading.duration(fields["most"])
        rhythms = reading.number(fields["rhythm"])
        if rhythms <= 0:
            fields["rhythm"].fail("so many times the customer's rhythm, more than 0")
        if not timedelta() < least <= most:
            fields["least"].fail("`least` is more than nothing and no more than `most`")
        return cls(timer, least, most, rhythms)

    @property
    def reads(self) -> frozenset[Path]:
        return _SEEN | self.hastened_by

    @property
    def hastened_by(self) -> frozenset[Path]:
        return frozenset() if self.rhythms is None else _RHYTHM

    def next(self, customer: Customer, after: datetime) -> datetime | None:
        if customer.last_seen is None:
            return None
        due = customer.last_seen + self._silence(customer)
        return due if due > after else None

    def matches(self, occasion: Occasion) -> bool:
        return is_due(self, occasion)

    def in_time(self, occasion: Occasion) -> bool:  # noqa: ARG002 - the protocol's; timers are never early
        return True

    def _silence(self, customer: Customer) -> timedelta:
        rhythm = customer.rhythm
        if self.rhythms is None or rhythm is None:
            return self.most
        return min(max(rhythm * self.rhythms, self.least), self.most)


def timer_of(value: Value, reading: Reading) -> str:
    """The trigger's timer; the same as long as the playbook says the same of it."""
    said = value.canonical()
    named = reading.words.parameters.named_in(said)
    return f"{TIMER}{derive('trigger', reading.playbook, said, repr(named), reading.zone.key)}"


def _month_and_day(said: str) -> tuple[int, int]:
    month, _, day = said.partition("-")
    if not (month.isdecimal() and day.isdecimal()):
        return 0, 0
    return int(month), int(day)


def _day_of(year: int, month: int, day: int, leap: str) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        if (month, day) != (2, 29):
            return None
        return date(year, 2, 28) if leap == "before" else date(year, 3, 1)
