"""Waits end in the customer's own day, whatever the clocks do there."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.contracts.profiles import TraitsChanged
from orchestrator.domain.steps.times import Instant, local
from services.orchestrator.tests.living import Life, configuration, playbook

TEMPLATES = {"templates/hello.email.de.liquid": "Hallo"}
BERLIN = ZoneInfo("Europe/Berlin")


def living(until: str, zone: str | None = None, at: datetime | None = None) -> Life:
    text = f"""\
purpose: marketing
trigger: {{event: Page Viewed}}
entry: {{again: always}}
steps:
  - wait: {{until: {until}}}
  - propose: {{message: hello, channels: [email], expires_after: 24h}}
"""
    life = Life(configuration(playbook("timed", text, TEMPLATES)))
    if at is not None:
        life.now = at
    life.learns(TraitsChanged(profile_version=2, locale="de", time_zone=zone, reachable=("email",)))
    return life


def due(life: Life, **properties: Any) -> datetime | None:
    life.does("Page Viewed", **properties)
    return next(iter(life.timers.values()), None)


@pytest.mark.parametrize(
    ("zone", "hour"),
    [(None, 8), ("Europe/Berlin", 8), ("America/New_York", 14), ("Nowhere/At_All", 8)],
)
def test_a_time_of_day_is_the_customers(zone: str | None, hour: int) -> None:
    life = living("{time: '09:00'}", zone, datetime(2026, 3, 2, 5, tzinfo=UTC))

    assert due(life) == datetime(2026, 3, 2, hour, tzinfo=UTC)


def test_only_the_weekdays_that_are_named_count() -> None:
    saturday = datetime(2026, 3, 7, 12, tzinfo=UTC)
    life = living("{time: '09:00', weekdays: [mon, tue, wed, thu, fri]}", at=saturday)

    assert due(life) == datetime(2026, 3, 9, 8, tzinfo=UTC)


@pytest.mark.parametrize(
    ("until", "expected"),
    [
        (
            "{date: \"timestamp(string(trigger.properties['starts_at']))\", offset: -1d, time: '10:00'}",
            datetime(2026, 3, 19, 9, tzinfo=UTC),
        ),
        (
            "{date: \"timestamp(string(trigger.properties['starts_at']))\", offset: -2h}",
            datetime(2026, 3, 20, 16, tzinfo=UTC),
        ),
        (
            "{date: \"timestamp(string(trigger.properties['starts_at']))\", offset: 1d, time: '10:00'}",
            datetime(2026, 3, 21, 9, tzinfo=UTC),
        ),
    ],
)
def test_a_date_has_a_distance_and_a_time(until: str, expected: datetime) -> None:
    life = living(until, at=datetime(2026, 3, 1, 12, tzinfo=UTC))

    assert due(life, starts_at="2026-03-20T18:00:00Z") == expected


@pytest.mark.parametrize("starts_at", ["2026-02-01T00:00:00Z", "next week", None])
def test_a_date_that_is_over_or_unknown_is_not_waited_for(starts_at: str | None) -> None:
    life = living(
        "{date: \"timestamp(string(trigger.properties['starts_at']))\"}",
        at=datetime(2026, 3, 1, 12, tzinfo=UTC),
    )

    assert due(life, starts_at=starts_at) is None
    assert len(life.requests) == 1


def test_a_time_that_the_clocks_jump_over_comes_all_the_same() -> None:
    jump = date(2026, 3, 29)

    assert local(jump, time(2, 30), BERLIN) == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)
    twice = date(2026, 10, 25)
    assert local(twice, time(2, 30), BERLIN) == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)


MOMENTS = st.integers(0, 6 * 366 * 86_400).map(
    lambda seconds: datetime(2024, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
)
ZONES = st.sampled_from(["Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Pacific/Apia"])


@given(MOMENTS, ZONES, st.times(), st.sets(st.integers(0, 6), min_size=1))
def test_the_next_time_lies_ahead_within_eight_days_on_a_day_that_is_named(
    now: datetime, zone: str, at: time, weekdays: set[int]
) -> None:
    there = ZoneInfo(zone)
    found = Instant(at.replace(second=0, microsecond=0), frozenset(weekdays)).next(now, there)

    assert now < found <= now + timedelta(days=8, hours=2)
    # What the clocks jump over may come an hour later by the clock, but on its day.
    assert (found.astimezone(there) - timedelta(hours=2)).weekday() in weekdays or (
        found.astimezone(there).weekday() in weekdays
    )
