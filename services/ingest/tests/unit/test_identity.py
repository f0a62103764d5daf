"""Whose an event is: users by their id, visitors by their anonymous id until a user claims it."""

from __future__ import annotations

from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from common.ids import profile_id
from ingest.domain.identifiers import identifier
from services.ingest.tests.making import Shop


def of_user(value: str) -> UUID:
    return profile_id("demo", "user", value)


def of_visitor(value: str) -> UUID:
    return profile_id("demo", "anonymous", value)


def test_a_profile_is_named_by_its_first_identifier_the_user_before_the_anonymous() -> None:
    assert Shop().owner_of(userId="u1", anonymousId="a1") == of_user("u1")
    assert Shop().owner_of(anonymousId="a1") == of_visitor("a1")


def test_a_visitor_who_logs_in_keeps_the_history() -> None:
    shop = Shop()
    shop.owner_of(anonymousId="a1")

    assert shop.owner_of(userId="u1", anonymousId="a1") == of_visitor("a1")
    assert shop.owner_of(userId="u1") == of_visitor("a1")


def test_a_new_device_of_a_known_user_is_linked() -> None:
    shop = Shop()
    shop.owner_of(userId="u1")
    shop.owner_of(userId="u1", anonymousId="a1")

    assert shop.owner_of(anonymousId="a1") == of_user("u1")


def test_where_both_have_a_profile_later_events_go_to_the_users() -> None:
    shop = Shop()
    shop.owner_of(userId="u1")
    shop.owner_of(anonymousId="a1")

    assert shop.owner_of(userId="u1", anonymousId="a1") == of_user("u1")
    assert shop.owner_of(anonymousId="a1") == of_user("u1")


def test_a_shared_device_does_not_make_two_people_one() -> None:
    shop = Shop()
    shop.owner_of(userId="u1", anonymousId="a1")

    assert shop.owner_of(userId="u2", anonymousId="a1") == of_user("u2")
    assert shop.owner_of(userId="u1") == of_user("u1")
    assert shop.owner_of(anonymousId="a1") == of_user("u1")


def test_a_visitor_is_claimed_once() -> None:
    shop = Shop()
    shop.owner_of(anonymousId="a1")
    shop.owner_of(userId="u1", anonymousId="a1")

    assert shop.owner_of(userId="u2", anonymousId="a1") == of_user("u2")


def test_an_alias_brings_the_former_id_along() -> None:
    shop = Shop()
    shop.owner_of(anonymousId="a1")
    shop.says("alias", userId="u1", previousId="a1")

    assert shop.owner_of(userId="u1") == of_visitor("a1")


def test_a_user_and_a_visitor_of_the_same_id_are_two() -> None:
    shop = Shop()

    assert shop.owner_of(userId="x") != shop.owner_of(anonymousId="x")


def test_an_endless_id_still_tells_people_apart() -> None:
    long, longer = identifier("user", "u" * 10_000), identifier("user", "u" * 10_001)

    assert long != longer
    assert len(long.value) < 100


ids = st.fixed_dictionaries(
    {}, optional={"userId": st.sampled_from("uvw"), "anonymousId": st.sampled_from("abc")}
).filter(bool)


@given(st.lists(ids, min_size=1, max_size=20))
def test_a_user_never_changes_profiles(events: list[dict[str, str]]) -> None:
    shop = Shop()
    owners: dict[str, UUID] = {}
    for event in events:
        owner = shop.owner_of(**event)
        if "userId" in event:
            assert owners.setdefault(event["userId"], owner) == owner


@given(st.lists(ids, min_size=1, max_size=20))
def test_two_users_never_share_a_profile(events: list[dict[str, str]]) -> None:
    shop = Shop()
    for event in events:
        shop.owner_of(**event)

    owners = [owner for who, owner in shop.people.identities.items() if who.kind == "user"]
    assert len(set(owners)) == len(owners)
