"""What is known of one person under several names: the same whatever the order in which the names turn out to be one's."""

from __future__ import annotations

from datetime import timedelta
from functools import reduce
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from ingest.domain.people import (
    FieldRule,
    Golden,
    Held,
    People,
    Profile,
    Standing,
    Statement,
    learn,
)
from ingest.domain.people.merging import merge_profiles, united_profile, winner_of
from services.ingest.tests.making import NOW

RULES = {"email": FieldRule("never_emptied"), "phone": FieldRule("priority", ("crm", "shop"))}

moments = st.integers(-5, 0).map(lambda hours: NOW + timedelta(hours=hours))
ids = st.integers(1, 9).map(lambda number: UUID(int=number))
held = st.builds(
    Held,
    st.sampled_from([None, "x", "y"]),
    moments,
    st.sampled_from(["", "shop", "crm"]),
    st.booleans(),
)
goldens = st.lists(st.tuples(st.sampled_from(["email", "phone", "country"]), held), max_size=5).map(
    lambda said: reduce(lambda golden, one: golden.after(dict([one]), RULES), said, Golden())
)
halves = st.builds(
    Statement,
    channel=st.just("email"),
    purpose=st.just("marketing"),
    granted=st.just(value=False),
    basis=st.just("consent"),
    stated_at=moments,
    meant_at=moments,
    proof_id=ids,
    via=st.just("track"),
    step=st.sampled_from(["requested", "confirmed"]),
)
standings = st.builds(
    Standing,
    channel=st.just("email"),
    purpose=st.just("marketing"),
    granted=st.booleans(),
    basis=st.sampled_from(["consent", "double_opt_in"]),
    since=moments,
    proof_id=ids,
    weighed_at=moments,
)
bare = st.builds(
    Profile,
    version=st.integers(0, 5),
    claimed=st.booleans(),
    registers=st.sampled_from([(), ("user",), ("card",), ("card", "user")]),
    consents=st.dictionaries(st.just("email.marketing"), standings),
    accounts=st.dictionaries(st.sampled_from(["g1", "g2"]), moments),
)
profiles = st.builds(
    lambda profile, golden, said: asked(
        replace(profile, record=golden.stands, lost=golden.lost), said
    ),
    bare,
    goldens,
    st.lists(halves, max_size=3),
)


def asked(profile: Profile, said: list[Statement]) -> Profile:
    """What is left of double opt-ins that were said under that name."""
    after = learn(profile, traits={}, hints={}, at=NOW, statements=said).profile
    return replace(after, version=profile.version)


def known(profile: Profile) -> tuple[object, ...]:
    """All that a merge makes, but how often it was made."""
    return (
        profile.claimed,
        profile.known_in,
        profile.golden,
        profile.consents,
        profile.asked,
        profile.accounts,
    )


def both(one: Profile, other: Profile) -> Profile:
    return united_profile(one, other, NOW, RULES)


@given(profiles, profiles)
def test_uniting_is_commutative(one: Profile, other: Profile) -> None:
    assert known(both(one, other)) == known(both(other, one))
    assert both(one, other).version == both(other, one).version


@given(profiles, profiles, profiles)
def test_uniting_is_associative(one: Profile, two: Profile, three: Profile) -> None:
    assert known(both(both(one, two), three)) == known(both(one, both(two, three)))


@given(profiles, profiles)
def test_uniting_is_idempotent(one: Profile, other: Profile) -> None:
    united = both(one, other)

    assert known(both(united, other)) == known(united)
    assert known(both(united, united)) == known(united)


@given(st.dictionaries(ids, profiles, min_size=3, max_size=3), st.permutations(range(3)))
def test_of_several_the_same_one_stays_whatever_the_order(
    everybody: dict[UUID, Profile], order: list[int]
) -> None:
    people, names = People("demo", profiles=everybody), sorted(everybody)
    first, second, third = (names[place] for place in order)
    people, _ = merge_profiles(people, first, second, NOW, {})
    people, _ = merge_profiles(people, people.root(first), third, NOW, {})

    stays = min(names, key=lambda name: (not everybody[name].claimed, name))
    assert {people.root(name) for name in names} == {stays}


@given(st.dictionaries(ids, profiles, min_size=2, max_size=2))
def test_the_winner_does_not_depend_on_who_is_named_first(everybody: dict[UUID, Profile]) -> None:
    people = People("demo", profiles=everybody)
    one, other = everybody

    assert winner_of(people, one, other) == winner_of(people, other, one)
    assert (
        merge_profiles(people, one, other, NOW, {})[1].winner
        == merge_profiles(people, other, one, NOW, {})[1].winner
    )
