"""What leaves ingest: canonical names, allowed properties, nothing that looks like a person's address."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.contracts.profiles import ActivityRecorded
from common.errors import PermanentError
from ingest.domain.moments import misdated, occurred_at, parse_instant
from ingest.domain.segment.scrubbing import REMOVED, scrub
from services.ingest.tests.making import NOW, Shop, accepted, activities


def recorded(**message: Any) -> ActivityRecorded:
    body = {"userId": "u1", "type": "track", "event": "Product Added", **message}
    (activity,) = activities(Shop().says(body.pop("type"), **body))
    return activity


def test_what_is_allowed_travels_in_a_known_form() -> None:
    activity = recorded(
        properties={
            "product_id": 507,
            "name": "Mug",
            "price": "12.50",
            "quantity": 2,
            "url": "https://shop.example/mug?variant=blue",
            "image_url": "https://shop.example/mug.jpg",
        }
    )

    assert activity.properties == {
        "product_id": "507",
        "name": "Mug",
        "price": 12.5,
        "quantity": 2,
        "url": "https://shop.example/mug?variant=blue",
        "image_url": "https://shop.example/mug.jpg",
    }


def test_what_is_not_on_the_list_stays_behind() -> None:
    activity = recorded(properties={"attendee": "Ada Beispiel", "email": "ada@example.com", "x": 1})

    assert activity.properties == {}


def test_lines_of_a_cart_are_selected_likewise() -> None:
    activity = recorded(
        event="Cart Viewed",
        properties={"products": [{"product_id": "p1", "gift_for": "Ada"}, "odd", None]},
    )

    assert activity.properties == {"products": [{"product_id": "p1"}]}


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        ("nan", None),
        ("1e999", None),
        ("inf", None),
        (10**400, None),
        (2**64, float(2**64)),
        (True, None),
        ("abc", None),
        ([], None),
        (0.1, 0.1),
        ("-3", -3.0),
    ],
)
def test_only_numbers_are_prices(value: object, kept: float | None) -> None:
    assert recorded(properties={"price": value}).properties.get("price") == kept


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("ada@example.com", REMOVED),
        ("write to ada.b+c@shop.example.org now", f"write to {REMOVED} now"),
        ("ada%40example.com", REMOVED),
        ("call +49 (170) 123-45 67", f"call {REMOVED}"),
        ("call 0170 1234567!", f"call {REMOVED}!"),
        ("call 00491701234567", f"call {REMOVED}"),
        ("from 192.168.0.1", f"from {REMOVED}"),
        ("from 2001:db8::8a2e:370:7334", f"from {REMOVED}"),
        ("Mug 0.3 l, 12.50 EUR, 4 of 5", "Mug 0.3 l, 12.50 EUR, 4 of 5"),
        ("on 2026-03-01 10:15", "on 2026-03-01 10:15"),
        ("size 38-40 @ home", "size 38-40 @ home"),
        ("version 1.2.3", "version 1.2.3"),
        ("at 10:15:30", "at 10:15:30"),
    ],
)
def test_free_texts_are_scrubbed(text: str, left: str) -> None:
    assert scrub(text) == left
    assert recorded(properties={"query": text}).properties == {"query": left}


def test_digits_alone_do_not_make_an_order_number_a_phone_number() -> None:
    kept = {"order_id": "4915112345678", "sku": "4006381333931"}

    assert recorded(properties=kept).properties == kept
    assert recorded(properties={"cart_id": "ada@example.com"}).properties == {"cart_id": REMOVED}


@given(st.text("@a.1+-: (", max_size=300))
def test_scrubbing_twice_changes_nothing(text: str) -> None:
    assert scrub(scrub(text)) == scrub(text)


@pytest.mark.parametrize(
    "text", ["@" * 5_000, "a" * 5_000 + "@", "1." * 5_000, ":" * 5_000, "+1" * 5_000]
)
def test_no_text_takes_long_to_scrub(text: str) -> None:
    scrub(text)


@pytest.mark.parametrize(
    ("message", "name"),
    [
        ({"event": "product added"}, "Product Added"),
        ({"event": "  Webinar   Registered "}, "Webinar Registered"),
        ({"event": "Mail from ada@example.com"}, f"Mail from {REMOVED}"),
        ({"type": "page", "name": "Home"}, "Page Viewed"),
        ({"type": "screen"}, "Screen Viewed"),
        ({"type": "group"}, "Group Joined"),
        ({"event": "x" * 500}, "x" * 200),
        ({"event": 7}, "7"),
    ],
)
def test_names_are_canonical(message: dict[str, object], name: str) -> None:
    assert recorded(**message).name == name


def test_a_page_keeps_its_name() -> None:
    activity = recorded(type="page", name="Home", category="Start", properties={"path": "/"})

    assert activity.properties == {"name": "Home", "category": "Start", "path": "/"}


@pytest.mark.parametrize("kind", ["identify", "alias"])
def test_who_somebody_is_is_no_activity(kind: str) -> None:
    assert activities(Shop().says(kind, userId="u1", previousId="a")) == []


def test_of_the_context_only_a_little_travels() -> None:
    activity = recorded(
        context={
            "ip": "192.0.2.1",
            "userAgent": "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) Mobile/15E148",
            "locale": "de-DE",
            "page": {"path": "/reset/ada@example.com", "url": "https://shop.example/x"},
            "campaign": {"name": "spring", "source": "ada@example.com", "clickid": "z"},
        }
    )

    assert msgspec.to_builtins(activity.context) == {
        "page_path": "/reset/" + REMOVED,
        "campaign": {"name": "spring", "source": REMOVED},
        "locale": "de-DE",
        "device_class": "mobile",
    }


@pytest.mark.parametrize(
    ("context", "device"),
    [
        ({"device": {"type": "ios"}}, "mobile"),
        ({"device": {"type": "toaster"}}, "other"),
        ({"userAgent": "Mozilla/5.0 (iPad; CPU OS 17)"}, "tablet"),
        ({"userAgent": "Mozilla/5.0 (Linux; Android 14; Pixel) Mobile Safari"}, "mobile"),
        ({"userAgent": "Mozilla/5.0 (X11; Linux x86_64)"}, "desktop"),
        ({"library": {"name": "analytics-python"}}, "server"),
        ({"device": "phone", "page": 7, "campaign": [], "locale": 3}, None),
    ],
)
def test_devices_are_told_by_class(context: dict[str, object], device: str | None) -> None:
    assert recorded(context=context).context.device_class == device


def test_a_message_counts_once_however_often_it_is_sent() -> None:
    shop = Shop()

    assert len(shop.says("track", userId="u1", event="X", message_id="same")) == 1
    assert shop.says("track", userId="u1", event="X", message_id="same") == []


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        ({"type": "track", "userId": "u"}, "no_event_name"),
        ({"type": "dance", "userId": "u"}, "unknown_call"),
        ({"userId": "u"}, "unknown_call"),
        ({"type": "track", "event": "X"}, "no_identity"),
        ({"type": "track", "event": "X", "userId": "a\0b"}, "nul_character"),
    ],
)
def test_what_cannot_be_understood_is_set_aside(message: dict[str, object], reason: str) -> None:
    shop = Shop()

    with pytest.raises(PermanentError, match=reason):
        shop.folds(accepted(message))


def test_a_wrong_client_clock_does_no_harm() -> None:
    sent = datetime(2031, 1, 1, tzinfo=UTC)
    moment = occurred_at(NOW, timestamp=sent - timedelta(seconds=90), sent_at=sent)

    assert moment == NOW - timedelta(seconds=90)


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
