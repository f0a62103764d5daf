"""What leaves ingest: canonical names, allowed properties, nothing that looks like a person's address."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.contracts.ingestion import EventAccepted
from common.errors import PermanentError
from ingest.domain.reading import read
from ingest.domain.segment.scrubbing import REMOVED, scrub
from services.ingest.tests.making import NOW, Shop, accepted, activities, recorded


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


def test_a_stranger_may_call_a_source_by_an_address_and_it_stays_behind() -> None:
    message = {"type": "track", "userId": "u1", "event": "X"}
    (activity,) = activities(Shop().folds(accepted(message, sent_by="ada@shop.example")))

    assert activity.source == REMOVED


@pytest.mark.parametrize(
    "payload",
    [
        {"protocol": "segment", "body": {"type": "ada", "userId": "u"}},
        {"protocol": "ada", "body": {}},
        {"protocol": "webhook", "call": "ada/x", "body": {}},
        {"protocol": "webhook", "call": "shopify/ada", "body": {}},
    ],
)
def test_why_it_is_set_aside_quotes_nothing_of_it(payload: dict[str, object]) -> None:
    said = {"received_at": NOW, "source": "shop", **payload}

    with pytest.raises(PermanentError) as refused:
        read(msgspec.json.decode(msgspec.json.encode(said), type=EventAccepted))
    assert "ada" not in refused.value.detail
