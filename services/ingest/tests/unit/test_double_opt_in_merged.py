"""Double opt-ins whose halves were said under two names: what a merge makes of them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.ids import accepted_event_id
from ingest.domain.people import known_at
from services.ingest.tests.making import NOW, Shop, consents, snapshots
from services.ingest.tests.opting import USER, VISITOR, is_granted, logs_in, says


@pytest.mark.parametrize(("asked", "confirmed"), [(VISITOR, USER), (USER, VISITOR)])
def test_a_double_opt_in_whose_halves_meet_by_a_merge_is_a_grant(
    asked: str, confirmed: str
) -> None:
    shop = Shop()
    says(shop, "Requested", who=asked, text_version="v7")
    says(shop, "Confirmed", who=confirmed, days=2, ip="192.0.2.8")
    told = logs_in(shop, days=3)

    assert is_granted(shop)
    assert ("email", "marketing", True) in consents(told)
    assert [c.granted for c in snapshots(told)[-1].consents] == [True]
    grant = shop.people.statements[-1]
    assert (grant.basis, grant.via, grant.ip) == ("double_opt_in", "merge", "192.0.2.8")
    assert (grant.requested_at, grant.confirmed_at) == (NOW, NOW + timedelta(days=2))
    assert (grant.text_version, grant.proof_id) == (
        "v7",
        accepted_event_id("demo", "shop", "Confirmed 2"),
    )
    assert known_at(shop.people.statements, NOW + timedelta(days=2, hours=1)) == {}


def test_halves_that_meet_by_a_merge_too_far_apart_are_no_grant() -> None:
    shop = Shop()
    says(shop, "Requested", who=VISITOR)
    says(shop, "Confirmed", who=USER, days=8)
    logs_in(shop, days=9)

    assert not is_granted(shop)


@pytest.mark.parametrize("refused", [VISITOR, USER])
@pytest.mark.parametrize("day", [1, 3])
def test_a_merge_revives_nothing_that_was_withdrawn(refused: str, day: int) -> None:
    shop = Shop()
    said = [("Requested", 0, VISITOR), ("Confirmed", 2, USER), ("Withdrawn", day, refused)]
    for what, days, who in sorted(said, key=lambda one: one[1]):
        says(shop, what, days=days, who=who)
    logs_in(shop, days=4)

    assert not is_granted(shop)


@pytest.mark.parametrize("merged", [1, 3, 5, 7])
def test_what_was_asked_again_after_a_no_can_be_confirmed_whenever_a_merge_is_learned(
    merged: int,
) -> None:
    shop = Shop()
    shop.says("track", anonymousId="a1", event="Looked")
    said = {0: "Granted", 2: "Withdrawn", 4: "Requested", 6: "Confirmed"}
    for day in range(8):
        if day == merged:
            logs_in(shop, days=day)
        if day in said:
            says(shop, said[day], days=day)

    assert is_granted(shop)


def test_in_the_instant_of_the_merge_the_no_counts() -> None:
    shop = Shop()
    shop.says("track", anonymousId="a1", event="Looked")
    says(shop, "Withdrawn", days=1)
    logs_in(shop, days=2)
    says(shop, "Granted", days=2)

    assert not is_granted(shop)


def test_a_no_after_the_merge_is_not_confirmed_away_by_what_was_asked_before_it() -> None:
    shop = Shop()
    for what, days in [("Withdrawn", 0), ("Requested", 1)]:
        says(shop, what, days=days, who=USER)
    shop.says("track", anonymousId="a1", event="Looked")
    logs_in(shop, days=2)
    says(shop, "Withdrawn", days=3, who=USER)
    says(shop, "Confirmed", days=4, who=USER)

    assert not is_granted(shop)


def test_a_merge_that_is_told_again_grants_nothing_again() -> None:
    shop = Shop()
    says(shop, "Requested", who=VISITOR)
    says(shop, "Confirmed", who=USER, days=1)
    logs_in(shop, days=2)
    says(shop, "Withdrawn", days=3)
    said = len(shop.people.statements)
    logs_in(shop, days=4)
    says(shop, "Confirmed", who=VISITOR, days=5)

    assert not is_granted(shop)
    assert [s.step for s in shop.people.statements[said:]] == ["confirmed"]


said_of_both = st.lists(
    st.tuples(
        st.sampled_from(["Requested", "Confirmed", "Withdrawn"]),
        st.sampled_from([VISITOR, USER]),
        st.integers(0, 3),
    ),
    max_size=5,
    unique_by=lambda one: (one[0], one[2]),
)


@given(said_of_both)
def test_under_two_names_nothing_is_granted_that_under_one_is_not(
    said: list[tuple[str, str, int]],
) -> None:
    two, one = Shop(), Shop()
    logs_in(one, days=-1)
    for what, who, day in said:
        says(two, what, days=day, who=who)
        says(one, what, days=day)
    says(two, "Requested", days=-20, who=VISITOR)
    logs_in(two, days=9)

    assert is_granted(one) or not is_granted(two)
    if not any(what == "Withdrawn" for what, _, _ in said):
        assert is_granted(one) == is_granted(two)
