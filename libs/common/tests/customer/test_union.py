"""Two customers who are one: what would be known, had everything been one person's from the beginning."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from common.contracts.profiles import ActivityRecorded, ConsentChanged
from common.customer import Customer, apply, unite
from common.customer.view import ConsentStanding
from libs.common.tests.customer.making import START, activity, after

MERGE = 10
"""The profile version of the merges here."""

names = st.sampled_from(
    ["Product Added", "Product Removed", "Cart Viewed", "Order Completed", "Page Viewed"]
)
lives = st.lists(st.tuples(names, st.integers(1, 4), st.integers(1, 3), st.booleans()), max_size=30)


def activities(life: Sequence[tuple[str, int, int, bool]]) -> list[ActivityRecorded]:
    """One second after another; orders of few ids, so that browser and server tell the same one."""
    made = []
    for n, (name, thing, quantity, _) in enumerate(life):
        line: dict[str, object] = {
            "product_id": f"p{thing}",
            "quantity": quantity,
            "price": thing,
            "currency": "EUR",
        }
        special: dict[str, dict[str, object]] = {
            "Order Completed": {"order_id": f"o{thing}", "total": quantity, "currency": "EUR"},
            "Cart Viewed": {"products": [line]},
        }
        properties = special.get(name, line)
        made.append(activity(name, properties, at=after(seconds=n), number=n + 1))
    return made


def folded(of: Sequence[ActivityRecorded], known: Customer | None = None) -> Customer:
    customer = known or Customer()
    for one in of:
        customer = apply(customer, one, now=after(minutes=1))
    return customer


def union(ours: Customer, theirs: Customer) -> Customer:
    return unite(ours, theirs, version=MERGE, now=after(minutes=1))


@given(lives)
def test_the_union_is_what_one_customer_would_have_been(
    life: list[tuple[str, int, int, bool]],
) -> None:
    all_of_it = activities(life)
    mine = [one for one, (*_, is_mine) in zip(all_of_it, life, strict=True) if is_mine]
    others = [one for one, (*_, is_mine) in zip(all_of_it, life, strict=True) if not is_mine]

    assert union(folded(mine), folded(others)) == folded(all_of_it)
    assert union(folded(mine), folded(others)) == union(folded(others), folded(mine))


@given(lives.flatmap(lambda life: st.tuples(st.just(life), st.permutations(range(len(life))))))
def test_any_order_of_arrival_makes_the_same_customer(
    case: tuple[list[tuple[str, int, int, bool]], list[int]],
) -> None:
    life, order = case
    all_of_it = activities(life)

    assert folded([all_of_it[place] for place in order]) == folded(all_of_it)


@given(st.lists(lives, min_size=3, max_size=3))
def test_the_union_of_three_does_not_depend_on_who_is_united_first(
    three: list[list[tuple[str, int, int, bool]]],
) -> None:
    numbered = activities([step for life in three for step in life])
    ends = [sum(map(len, three[: n + 1])) for n in range(3)]
    one, two, last = (
        folded(numbered[end - len(life) : end]) for life, end in zip(three, ends, strict=True)
    )

    assert union(union(one, two), last) == union(one, union(two, last))
    assert union(union(one, two), last) == union(union(last, one), two)


@given(lives)
def test_what_comes_late_counts_after_the_union_as_before(
    life: list[tuple[str, int, int, bool]],
) -> None:
    all_of_it = activities(life)
    half = len(all_of_it) // 2
    before = union(folded(all_of_it[:half]), folded(all_of_it[half:]))
    late = union(folded(all_of_it[:half]), Customer())

    assert folded(all_of_it[half:], late) == before


@given(lives)
def test_what_has_an_id_is_there_once_however_often_it_comes(
    life: list[tuple[str, int, int, bool]],
) -> None:
    one = folded(activities(life))
    twice = union(one, one)

    assert (twice.cart, twice.cart_operations) == (one.cart, one.cart_operations)
    assert twice.orders.recent == union(one, Customer()).orders.recent
    assert twice.orders.count == one.orders.count
    assert twice.orders.revenue == one.orders.revenue


def consenting(*, granted: bool, version: int) -> Customer:
    return Customer(consents={"email.marketing": ConsentStanding(granted, START, version)})


def test_the_more_restrictive_consent_stands() -> None:
    yes, no = consenting(granted=True, version=3), consenting(granted=False, version=7)

    assert not union(yes, no).consents_to("email", "marketing")
    assert not union(no, yes).consents_to("email", "marketing")
    assert union(Customer(), yes).consents_to("email", "marketing")


def test_what_is_told_since_the_merge_outweighs_what_stood_before() -> None:
    since = consenting(granted=True, version=MERGE)

    assert union(since, consenting(granted=False, version=7)) == since


def test_a_late_word_of_our_own_outweighs_theirs() -> None:
    known = union(Customer(), consenting(granted=True, version=7))
    late = ConsentChanged(
        profile_version=3,
        channel="email",
        purpose="marketing",
        granted=False,
        basis="withdrawal",
        since=START,
        proof_id=activity("x", {}).event_id,
    )

    assert not apply(known, late, now=START).consents_to("email", "marketing")
