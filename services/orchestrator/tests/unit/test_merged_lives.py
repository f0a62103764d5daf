"""What holds of every merge, whatever the two did before and after it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from common.contracts.decisions import DecisionMade, EnrollmentExited
from common.ids import derive
from orchestrator.domain.memory.contacts import united as united_contacts
from orchestrator.domain.state import Contact, ProfileState
from services.orchestrator.tests.living import (
    ANNA,
    CART_ABANDONMENT,
    START,
    VISITOR,
    Life,
    configuration,
    finals,
    greeting,
    playbook,
)

MINUTE = timedelta(minutes=1)
SILENCE = 30 * MINUTE
TABLET = derive("test", "tablet")

contacts = st.lists(
    st.builds(
        Contact,
        decision_id=st.integers(1, 9).map(lambda n: UUID(int=n)),
        playbook=st.just("p"),
        message=st.just("m"),
        channel=st.just("email"),
        at=st.integers(0, 5).map(lambda n: START + n * MINUTE),
        status=st.sampled_from(["requested", "sent", "clicked", "bounced"]),
    ),
    unique_by=lambda contact: contact.decision_id,
).map(lambda found: tuple(sorted(found, key=lambda one: (one.at, one.decision_id))))


@given(contacts, contacts)
def test_the_contact_log_is_a_set(ours: tuple[Contact, ...], theirs: tuple[Contact, ...]) -> None:
    both = united_contacts(ours, theirs)

    assert both == united_contacts(theirs, ours)
    assert united_contacts(both, theirs) == both
    assert {one.decision_id for one in both} == {one.decision_id for one in (*ours, *theirs)}


Deed = tuple[bool, Literal["add", "remove", "order", "page", "answer", "wait"], int]
"""Whether the user does it (else the visitor), what, and with which product or for how many minutes."""

DEEDS = st.lists(
    st.tuples(
        st.booleans(),
        st.sampled_from(["add", "remove", "order", "page", "answer", "wait"]),
        st.sampled_from([1, 2, 10, 31]),
    ),
    max_size=15,
)
SHOP = configuration(
    playbook("cart_abandonment", CART_ABANDONMENT),
    greeting("always"),
)


def act(life: Life, deed: str, number: int, at: datetime, name: str) -> None:
    life.waits(at - life.now)
    match deed:
        case "add":
            life.adds(f"p{number}", id_=name)
        case "remove":
            life.does("Product Removed", id_=name, product_id=f"p{number}", quantity=1)
        case "order":
            life.does("Order Completed", id_=name, order_id=name)
        case "page":
            life.does("Page Viewed", id_=name)
        case "answer":
            life.does("Survey Answered", id_=name)
        case _:
            pass  # time alone has passed


def lived(
    before: list[Deed],
    after: list[Deed],
    *,
    swapped: bool = False,
    until: timedelta = 10 * SILENCE,
) -> tuple[Life, Life]:
    """Two lives up to the merge, and the winner's on from there."""
    known, visitor = Life(SHOP), Life(SHOP, who=VISITOR)
    at = START
    for index, (users, deed, number) in enumerate(before):
        at += number * MINUTE if deed == "wait" else timedelta(seconds=1)
        act(known if users != swapped else visitor, deed, number, at, f"b{index}")
    for life in (known, visitor):
        life.waits(at - life.now)
    visitor.becomes(known)
    for index, (_, deed, number) in enumerate(after):
        at += number * MINUTE if deed == "wait" else timedelta(seconds=1)
        act(known, deed, number, at, f"a{index}")
    known.waits(until)
    return known, visitor


@given(DEEDS, DEEDS)
@settings(max_examples=150, deadline=None)
def test_whatever_was_done_every_passage_is_ruled_on_and_ends_once(
    before: list[Deed], after: list[Deed]
) -> None:
    known, visitor = lived(before, after)

    exits = [one.enrollment_id for life in (known, visitor) for one in life.of(EnrollmentExited)]
    entered = [one.enrollment_id for life in (known, visitor) for one in life.entered]
    assert sorted(exits) == sorted(set(exits)) == sorted(entered)
    ruled = finals(known, visitor)
    carts = {
        one.enrollment_id
        for life in (known, visitor)
        for one in life.entered
        if one.playbook == "cart_abandonment"
    }
    assert all(ruled[one] == 1 for one in carts)
    assert all(1 <= count <= 2 for count in ruled.values())
    assert known.timers == visitor.timers == {}
    decisions = [one.decision_id for life in (known, visitor) for one in life.of(DecisionMade)]
    assert len(decisions) == len(set(decisions))


@given(DEEDS)
@settings(max_examples=100, deadline=None)
def test_who_wins_makes_no_difference_to_what_is_kept(before: list[Deed]) -> None:
    ways = [lived(before, [], swapped=swapped)[0].state for swapped in (False, True)]
    assert ways[0] is not None
    assert ways[1] is not None

    def shape(state: ProfileState) -> object:
        customer = replace(state.customer, traits_version=0, cart_operations=(), consents={})
        cart = replace(customer.cart, id="")
        return replace(customer, cart=cart), len(state.contacts), state.heard

    assert shape(ways[0]) == shape(ways[1])


SHORT = st.lists(
    st.tuples(st.booleans(), st.sampled_from(["add", "order"]), st.sampled_from([1, 2, 10])),
    max_size=12,
)


@given(SHORT)
@settings(max_examples=200, deadline=None)
def test_the_reminder_is_that_of_one_who_was_never_two(deeds: list[Deed]) -> None:
    known, _ = lived(deeds, [])
    alone, _ = lived([(True, deed, number) for _, deed, number in deeds], [])

    def reminded(life: Life) -> list[tuple[datetime | None, list[tuple[str, int]]]]:
        return [
            (request.due_at, [(item.product_id, item.quantity) for item in request.cart])
            for request in life.requests
        ]

    assert reminded(known) == reminded(alone)


@given(st.lists(DEEDS, min_size=3, max_size=3))
@settings(max_examples=40, deadline=None)
def test_of_three_it_makes_no_difference_which_two_are_found_to_be_one_first(
    lives_of: list[list[Deed]],
) -> None:
    """To what is known. Which passages go on may differ: what ends one may be heard of before or after the one further on."""
    ends = []
    for merges in (((1, 0), (2, 0)), ((2, 0), (1, 0)), ((2, 1), (1, 0))):
        lives = [Life(SHOP, who=who) for who in (ANNA, VISITOR, TABLET)]
        for life, deeds in zip(lives, lives_of, strict=True):
            at = START
            for index, (_, deed, number) in enumerate(deeds):
                at += number * MINUTE if deed == "wait" else timedelta(seconds=1)
                act(life, deed, number, at, f"{life.who}{index}")
        now = max(life.now for life in lives)
        for life in lives:
            life.waits(now - life.now)
        for loser, winner in merges:
            lives[loser].becomes(lives[winner])
        state = lives[0].state
        assert state is not None
        customer = replace(state.customer, traits_version=0, consents={})
        ends.append((customer, state.contacts, state.heard))

    assert ends[0] == ends[1] == ends[2]


@given(DEEDS)
@settings(max_examples=40, deadline=None)
def test_whoever_is_united_with_what_is_known_already_stays_as_they_are(before: list[Deed]) -> None:
    """Counts are what the runtime hands over once; all that has an id is there once however often it comes."""
    known, _ = lived(before, [], until=timedelta())
    assert known.state is not None
    again = Life(SHOP, who=VISITOR)
    again.state, again.now = known.state, known.now
    told, timers, was = len(known.told), dict(known.timers), known.state
    again.becomes(known)

    assert known.state is not None
    customer = replace(known.state.customer, counts=was.customer.counts, consents={})
    assert customer == replace(was.customer, consents={})
    assert replace(known.state, customer=was.customer) == was
    assert (len(known.told), known.timers) == (told, timers)
