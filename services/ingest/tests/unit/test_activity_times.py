"""When something happened: what clients say of it, and what counts where that cannot be."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.domain.moments import misdated, occurred_at, parse_instant
from services.ingest.tests.making import NOW, recorded


def test_a_wrong_client_clock_does_no_harm() -> None:
    sent = datetime(2031, 1, 1, tzinfo=UTC)
    moment = occurred_at(NOW, timestamp=sent - timedelta(seconds=90), sent_at=sent)

    assert moment == NOW - timedelta(seconds=90)


def test_how_long_requests_take_turns_nothing_around() -> None:
    added, ordered = NOW - timedelta(seconds=90), NOW - timedelta(seconds=89)
    slow = occurred_at(NOW, timestamp=added, sent_at=NOW - timedelta(seconds=4))
    fast = occurred_at(NOW, timestamp=ordered, sent_at=NOW)

    assert (slow, fast) == (added, ordered)


@pytest.mark.parametrize(
    ("timestamp", "sent_at"),
    [
        (None, NOW),
        (NOW + timedelta(hours=1), None),
        (NOW + timedelta(hours=1), NOW),
        (datetime(1970, 1, 1, tzinfo=UTC), None),
        (datetime.max.replace(tzinfo=UTC), datetime.min.replace(tzinfo=UTC)),
    ],
)
def test_what_cannot_be_becomes_the_time_of_receipt(
    timestamp: datetime | None, sent_at: datetime | None
) -> None:
    assert occurred_at(NOW, timestamp=timestamp, sent_at=sent_at) == NOW


@pytest.mark.parametrize("year", ["1970", "1999", "2099"])
def test_a_time_that_cannot_be_is_kept_and_the_time_of_receipt_counts(year: str) -> None:
    stated = f"{year}-01-01T00:00:00Z"
    activity = recorded(timestamp=stated)

    assert activity.context.stated_at == parse_instant(stated)
    assert activity.occurred_at == activity.received_at


@pytest.mark.parametrize("ahead", [timedelta(hours=-9), timedelta(), timedelta(hours=23)])
def test_a_clock_that_is_merely_wrong_is_not_told(ahead: timedelta) -> None:
    assert recorded(timestamp=(NOW + ahead).isoformat()).context.stated_at is None


@given(
    st.datetimes(timezones=st.just(UTC)) | st.none(),
    st.datetimes(timezones=st.just(UTC)) | st.none(),
)
def test_what_is_told_as_impossible_never_counts(
    timestamp: datetime | None, sent_at: datetime | None
) -> None:
    stated = misdated(NOW, timestamp=timestamp, sent_at=sent_at)

    assert stated in (None, timestamp)
    if stated is not None:
        assert occurred_at(NOW, timestamp=timestamp, sent_at=sent_at) == NOW


@given(st.datetimes(timezones=st.just(UTC)), st.datetimes(timezones=st.just(UTC)) | st.none())
def test_nothing_happens_after_it_was_received(
    timestamp: datetime, sent_at: datetime | None
) -> None:
    assert occurred_at(NOW, timestamp=timestamp, sent_at=sent_at) <= NOW


@pytest.mark.parametrize(
    "text",
    [
        "2026-03-01T12:00:00Z",
        "2026-03-01T13:00:00+01:00",
        "2026-03-01T12:00:00.000",
        1772366400,
        1772366400000,
    ],
)
def test_instants_come_in_many_forms(text: object) -> None:
    assert parse_instant(text) == NOW


@given(st.text(max_size=40) | st.integers() | st.floats() | st.booleans() | st.none())
def test_what_is_no_instant_is_none(value: object) -> None:
    parsed = parse_instant(value)

    assert parsed is None or parsed.tzinfo is UTC
