"""What is known of a person: traits in normal form, the latest said, told on as a whole snapshot."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ingest.tests.making import Shop, snapshot, snapshots, traits


def test_identify_tells_the_snapshot_and_what_others_may_know() -> None:
    told = Shop().identify(
        {
            "email": " Ada@Example.COM ",
            "firstName": "Ada",
            "lastName": "Beispiel",
            "locale": "de_DE",
        }
    )

    (contact,) = snapshots(told)
    assert (contact.email, contact.first_name, contact.last_name) == (
        "ada@example.com",
        "Ada",
        "Beispiel",
    )
    (known,) = traits(told)
    assert (known.locale, known.reachable, known.profile_version) == ("de-DE", ("email",), 1)
    assert "ada" not in str(known).lower()


def test_what_was_said_before_is_not_told_again() -> None:
    shop = Shop()
    shop.identify({"email": "ada@example.com"})

    assert shop.identify({"email": "ada@example.com"}) == []


def test_a_change_raises_the_version() -> None:
    shop = Shop()
    shop.identify({"email": "ada@example.com"})
    (contact,) = snapshots(shop.identify({"email": "ada@example.org"}))

    assert (contact.profile_version, contact.email) == (2, "ada@example.org")


def test_another_address_on_the_same_channel_is_no_news_for_those_who_know_none() -> None:
    shop = Shop()
    shop.identify({"email": "ada@example.com"})

    assert traits(shop.identify({"email": "ada@example.org"})) == []


def test_what_was_said_earlier_but_comes_later_changes_nothing() -> None:
    shop = Shop()
    shop.identify({"email": "new@example.com"})
    told = shop.identify({"email": "old@example.com"}, meant_before=timedelta(hours=1))

    assert told == []
    assert shop.contact.email == "new@example.com"


def test_null_takes_a_trait_back() -> None:
    shop = Shop()
    shop.identify({"email": "ada@example.com", "phone": "+49 170 1234567"})
    shop.identify({"phone": None})

    assert (shop.contact.email, shop.contact.phone) == ("ada@example.com", None)


@pytest.mark.parametrize(
    ("said", "known"),
    [
        ("+49 (170) 123-4567", "+491701234567"),
        ("0170 1234567", None),
        ("+0170 1234567", None),
        ("call me", None),
        (491701234567, None),
    ],
)
def test_a_phone_number_counts_only_with_its_country(said: object, known: str | None) -> None:
    shop = Shop()
    shop.identify({"phone": said})

    assert shop.contact.phone == known


@pytest.mark.parametrize(
    "said", ["ada", "ada@", "@example.com", "a b@example.com", 7, ["a@b.de"], {}]
)
def test_what_can_be_no_address_is_as_if_not_said(said: object) -> None:
    shop = Shop()

    assert shop.identify({"email": said}) == []


@pytest.mark.parametrize(
    ("said", "first", "last"),
    [
        ({"name": "Ada Maria Beispiel"}, "Ada", "Maria Beispiel"),
        ({"name": "Ada", "firstName": "Augusta"}, "Augusta", None),
        ({"first_name": "  Ada ", "last_name": ""}, "Ada", None),
        ({"name": "\0"}, None, None),
    ],
)
def test_names_come_in_parts_or_whole(
    said: dict[str, str], first: str | None, last: str | None
) -> None:
    shop = Shop()
    shop.identify(said)

    assert (shop.contact.first_name, shop.contact.last_name) == (first, last)


def test_the_country_may_stand_in_the_address() -> None:
    shop = Shop()
    shop.identify({"address": {"country": "de", "city": "Hamburg"}})

    assert shop.contact.country == "DE"


def test_the_devices_language_counts_until_the_person_names_one() -> None:
    shop = Shop()
    shop.identify({}, context={"locale": "en-US", "timezone": "Europe/Berlin"})
    assert (shop.contact.locale, shop.contact.time_zone) == ("en-US", "Europe/Berlin")

    shop.identify({"locale": "de"})
    shop.identify({}, context={"locale": "en-US"})
    assert shop.contact.locale == "de"


@given(
    st.permutations([("a@example.com", 3), ("b@example.com", 2), (None, 1), ("c@example.com", 2)])
)
def test_the_order_of_arrival_does_not_matter(said: list[tuple[str | None, int]]) -> None:
    shop = Shop()
    for email, age in said:
        meant = timedelta(hours=-age) + timedelta(seconds=shop.sent + 1)
        shop.identify({"email": email}, meant_before=timedelta(hours=6) + meant)

    assert shop.contact.email == "a@example.com"


def test_only_identify_teaches_traits() -> None:
    shop = Shop()

    told = shop.says("group", userId="u1", groupId="g", traits={"email": "firm@example.com"})
    assert snapshots(told) == []


def test_identify_may_have_its_traits_in_the_context_as_rudderstack_puts_them_there() -> None:
    shop = Shop()

    told = shop.says("identify", userId="u1", context={"traits": {"email": "ada@example.com"}})
    assert [contact.email for contact in snapshots(told)] == ["ada@example.com"]


def test_what_stands_beside_the_context_counts_more_than_what_stands_in_it() -> None:
    old = {"traits": {"email": "old@example.com", "locale": "de"}}

    told = Shop().says("identify", userId="u1", context=old, traits={"email": "ada@example.com"})
    assert [(c.email, c.locale) for c in snapshots(told)] == [("ada@example.com", "de")]


def test_a_visitors_traits_in_the_context_of_a_deed_teach_nothing() -> None:
    context = {"traits": {"email": "ada@example.com"}}

    told = Shop().says("track", userId="u1", event="Product Added", context=context)
    assert snapshots(told) == []


def test_a_snapshot_whose_version_goes_down_is_followed_by_the_current_one() -> None:
    shop = Shop()
    shop.identify({"email": "old@example.com"})
    shop.identify({"email": "new@example.com"})
    (profile_id,) = shop.people.profiles

    assert shop.folds(snapshot(profile_id, 1)) == []
    assert shop.folds(snapshot(profile_id, 2)) == []
    assert shop.folds(snapshot(profile_id, 2)) == []
    assert shop.folds(snapshot(profile_id, 1)) == [shop.contact]
    assert shop.contact.email == "new@example.com"
