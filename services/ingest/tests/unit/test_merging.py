"""Two profiles that turn out to be one person become one, with all that both knew and the narrower will."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.contracts import Payload
from common.contracts.profiles import ContactChanged, ProfileMerged
from common.ids import profile_id
from services.ingest.tests.making import (
    NOW,
    Shop,
    consents,
    snapshot,
    snapshots,
    traits,
    withdrawal,
)

MARKETING = {"channel": "email", "purpose": "marketing"}
YES, NO = "Consent Granted", "Consent Withdrawn"


def of_user(value: str) -> UUID:
    return profile_id("demo", "user", value)


def of_visitor(value: str) -> UUID:
    return profile_id("demo", "anonymous", value)


def two_devices() -> Shop:
    """A known user, and a visitor on another device."""
    shop = Shop()
    shop.identify({"email": "ada@example.com", "firstName": "Ada", "locale": "de"})
    shop.says("identify", anonymousId="a1", traits={"firstName": "Adele", "phone": "+491701234567"})
    return shop


def log_in(shop: Shop, **more: Any) -> list[Payload]:
    return shop.says("identify", userId="u1", anonymousId="a1", **more)


def contact(shop: Shop, profile: UUID) -> ContactChanged:
    return shop.people.profiles[profile].snapshot


def grants(shop: Shop, profile: UUID) -> dict[str, bool]:
    return {
        f"{c.channel}.{c.purpose}": c.granted
        for c in shop.people.profiles[shop.people.root(profile)].standing_consents
    }


def test_a_merge_is_told_to_both_and_no_address_of_the_loser_stays() -> None:
    shop = two_devices()
    log_in(shop)
    winner, loser = of_user("u1"), of_visitor("a1")

    merged = ProfileMerged(loser=loser, winner=winner, profile_version=2)
    told = [(c.subject, c.payload) for c in shop.told if isinstance(c.payload, ProfileMerged)]
    assert told == [(str(loser), merged), (str(winner), merged)]
    assert contact(shop, loser) == ContactChanged(profile_version=2, merged_into=winner)
    published = [c.payload for c in shop.told if c.topic == "profile.contacts"]
    assert published[-2:] == [contact(shop, loser), contact(shop, winner)]


def test_of_each_trait_what_was_said_last_stands() -> None:
    shop = two_devices()
    told = log_in(shop)

    united = contact(shop, of_user("u1"))
    assert (united.first_name, united.email, united.locale) == ("Adele", "ada@example.com", "de")
    assert united.phone == "+491701234567"
    assert united.profile_version == 2
    (known,) = traits(told)
    assert (known.profile_version, known.reachable) == (2, ("email", "sms"))


@pytest.mark.parametrize("first", ["userId", "anonymousId"])
def test_a_no_of_either_beats_a_yes_of_the_other_whatever_their_order(first: str) -> None:
    for statements in ((YES, NO), (NO, YES)):
        shop = two_devices()
        ids: list[dict[str, Any]] = [{"userId": "u1"}, {"anonymousId": "a1"}]
        if first == "anonymousId":
            ids.reverse()
        for who, statement in zip(ids, statements, strict=True):
            shop.says("track", event=statement, properties=MARKETING, **who)
        log_in(shop)

        assert grants(shop, of_user("u1")) == {"email.marketing": False}


def test_a_yes_that_was_meant_before_the_merge_revives_nothing_and_a_later_one_does() -> None:
    shop = two_devices()
    shop.says("track", anonymousId="a1", event=NO, properties=MARKETING)
    log_in(shop, traits={"consents": {"email.marketing": True}})
    assert grants(shop, of_user("u1")) == {"email.marketing": False}

    shop.says("track", userId="u1", event=YES, properties=MARKETING)
    assert grants(shop, of_user("u1")) == {"email.marketing": True}


def test_who_said_yes_under_one_name_has_said_it() -> None:
    shop = two_devices()
    shop.says("track", anonymousId="a1", event=YES, properties=MARKETING)
    told = log_in(shop)

    assert consents(told) == [("email", "marketing", True)]


def test_the_losers_consents_are_told_again_even_where_nothing_turns() -> None:
    shop = two_devices()
    shop.says("track", userId="u1", event=NO, properties=MARKETING)
    shop.says("track", anonymousId="a1", event=YES, properties=MARKETING)

    assert consents(log_in(shop)) == [("email", "marketing", False)]


def test_a_visitor_without_a_past_profile_is_only_linked() -> None:
    shop = Shop()
    shop.identify({})
    told = log_in(shop)

    assert not any(isinstance(payload, ProfileMerged) for payload in told)


def test_a_device_that_two_share_makes_them_not_one() -> None:
    shop = Shop()
    shop.owner_of(userId="u1", anonymousId="a1")
    shop.owner_of(userId="u2", anonymousId="a1")

    assert shop.people.root(of_user("u1")) != shop.people.root(of_user("u2"))


@pytest.mark.parametrize(("new", "old"), [("u", "v"), ("v", "u")])
def test_an_alias_of_two_users_makes_them_one_and_whoever_is_named_first_the_same_one_stays(
    new: str, old: str
) -> None:
    shop = Shop()
    shop.owner_of(userId=old, anonymousId="a1")
    shop.owner_of(userId=new)
    shop.says("alias", userId=new, previousId=old)

    stays = min(of_user("u"), of_user("v"))
    assert shop.owner_of(userId=old) == shop.owner_of(userId=new) == stays
    assert shop.owner_of(anonymousId="a1") == stays


def test_an_alias_that_comes_before_the_former_name_holds_for_it() -> None:
    shop = Shop()
    shop.says("alias", userId="new", previousId="old")

    assert shop.owner_of(userId="old") == shop.owner_of(userId="new")


def test_an_alias_of_a_known_user_to_a_new_name_keeps_the_profile() -> None:
    shop = Shop()
    shop.owner_of(userId="old")
    told = shop.says("alias", userId="new", previousId="old")

    assert told == []
    assert shop.owner_of(userId="new") == of_user("old")


def test_an_alias_to_oneself_is_nothing() -> None:
    shop = Shop()
    shop.owner_of(userId="x")

    assert shop.says("alias", userId="x", previousId="x") == []


def test_chains_end_at_the_last_one_and_a_way_back_is_none() -> None:
    shop = Shop()
    for user in ("a", "b", "c"):
        shop.owner_of(userId=user)
    shop.says("alias", userId="b", previousId="a")
    shop.says("alias", userId="c", previousId="b")
    shop.says("alias", userId="a", previousId="c")

    first = min(of_user(user) for user in ("a", "b", "c"))
    assert {shop.owner_of(userId=user) for user in ("a", "b", "c")} == {first}
    assert len([p for p in shop.people.profiles.values() if p.merged_into is None]) == 1


def test_a_late_withdrawal_for_the_loser_is_the_winners() -> None:
    shop = two_devices()
    shop.says("track", userId="u1", event=YES, properties=MARKETING)
    log_in(shop)
    told = shop.folds(withdrawal(of_visitor("a1"), at=shop.now))

    assert consents(told) == [("email", "marketing", False)]
    assert {c.subject for c in shop.told[-len(told) :]} == {str(of_user("u1"))}


def test_an_old_snapshot_of_the_loser_is_followed_by_what_is_left_of_it() -> None:
    shop = two_devices()
    log_in(shop)
    shop.folds(snapshot(of_visitor("a1"), 2))
    told = shop.folds(snapshot(of_visitor("a1"), 1))

    assert snapshots(told) == [ContactChanged(profile_version=2, merged_into=of_user("u1"))]
    assert shop.told[-1].subject == str(of_visitor("a1"))


def test_a_merge_is_never_earlier_than_what_last_came_for_either() -> None:
    shop = two_devices()

    assert shop.people.now == NOW + timedelta(seconds=2)
    log_in(shop)
    assert set(shop.people.nows.values()) == {NOW + timedelta(seconds=3)}


names = st.one_of(
    st.tuples(st.just("track"), st.sampled_from("uvw"), st.sampled_from("abc")),
    st.tuples(st.just("user"), st.sampled_from("uvw"), st.none()),
    st.tuples(st.just("visitor"), st.none(), st.sampled_from("abc")),
    st.tuples(st.just("alias"), st.sampled_from("uvw"), st.sampled_from("uvwabc")),
)


@given(st.lists(names, max_size=30))
def test_whatever_is_said_everybody_ends_at_one_profile_that_lives(
    events: list[tuple[str, str | None, str | None]],
) -> None:
    shop = Shop()
    for kind, user, other in events:
        if kind == "alias":
            shop.says("alias", userId=user, previousId=other)
            continue
        ids = {"userId": user, "anonymousId": other}
        shop.owner_of(**{name: value for name, value in ids.items() if value is not None})

    people = shop.people
    living = {p for p, profile in people.profiles.items() if profile.merged_into is None}
    assert {people.owner(who) for who in people.identities} <= living
    assert {people.root(profile) for profile in people.profiles} == living
    for profile in people.profiles.values():
        assert profile.merged_into is None or (profile.record, profile.consents) == ({}, {})
