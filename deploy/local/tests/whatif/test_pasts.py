"""As it would have been: timers of its own, others' moments, merges with the states of this past, and nobody who sends."""

from __future__ import annotations

from datetime import timedelta

import msgspec

from common.contracts import decode_event
from common.contracts.deliveries import DeliveryOpened
from common.contracts.merging import ProfileHandedOver
from common.contracts.profiles import ProfileMerged
from common.contracts.runtime import FiredTimer
from common.merging import HANDOVER
from cuestream.whatif.handing import Handovers, Merge
from cuestream.whatif.world import TICK
from deploy.local.tests.whatif.past import CART, playbook
from deploy.local.tests.whatif.worlds import ANNA, BERT, MINUTE, NOON, Told, rules

ONCE = CART.partition("  - wait: {for: 1h}")[0]
RULES = rules(playbook("cart", ONCE))
REMINDED = ("chosen", "eligible")
ORDERED = ("cancelled", "exit_when: Order Completed")


def cart(told: Told) -> None:
    """Anna puts something into her cart at noon; it rests for half an hour."""
    told.batch(
        NOON,
        *told.meets(ANNA, NOON),
        told.does(ANNA, "Product Added", NOON, product_id="p", quantity=1),
    )


def test_a_timer_that_never_fired_then_fires_at_its_own_time() -> None:
    told = Told(RULES)
    cart(told)

    told.batch(NOON + 60 * MINUTE, told.does(BERT, "Page Viewed", NOON + 60 * MINUTE))

    assert told.decided == [(NOON + 30 * MINUTE + TICK, *REMINDED)]


def test_time_goes_on_to_the_end_when_nothing_more_happens() -> None:
    told = Told(RULES)
    cart(told)

    told.ends(NOON + 29 * MINUTE)
    assert told.decided == []
    assert len(told.past.under_way) == 1

    told.ends(NOON + 31 * MINUTE)
    assert [one[1:] for one in told.decided] == [REMINDED]
    assert told.past.under_way == set()


def test_what_was_accepted_before_it_was_due_comes_before_it() -> None:
    told = Told(RULES)
    cart(told)
    ordered = NOON + 29 * MINUTE

    told.batch(
        NOON + 40 * MINUTE,
        told.does(ANNA, "Order Completed", ordered, order_id="o"),
        reached=NOON + 40 * MINUTE,
    )

    assert told.decided == [(ordered, *ORDERED)]


def test_a_timer_that_fired_then_fires_in_its_batch_at_the_time_of_that_batch() -> None:
    due = NOON + 30 * MINUTE
    first = Told(RULES)
    cart(first)
    [state] = first.past._world.entries.values()
    assert state.state is not None
    assert state.state.state is not None
    [passage] = state.state.state.enrollments
    fired = FiredTimer(ANNA, passage.timer, due)

    told = Told(RULES, recorded=[fired])
    cart(told)
    told.batch(NOON + 60 * MINUTE, told.does(BERT, "Page Viewed", NOON + 60 * MINUTE))
    assert told.decided == []

    late = NOON + 61 * MINUTE
    told.batch(late, fired=[fired], reached=late)
    assert told.decided == [(late, *REMINDED)]


def test_what_fires_for_others_is_a_moment_at_which_exits_are_looked_at() -> None:
    impatient = ONCE.replace(
        "[{event: Order Completed}]",
        "[{when: \"now - customer.cart.opened_at > duration('10m')\"}]".replace(
            "now -", "has(customer.cart.opened_at) && now -"
        ),
    )
    told = Told(rules(playbook("cart", impatient)))
    cart(told)
    at = NOON + 20 * MINUTE

    told.batch(at, fired=[FiredTimer(ANNA, "enrollment:of another playbook", at)], reached=at)

    assert [(when, outcome) for when, outcome, _ in told.decided] == [(at, "cancelled")]


def test_history_begins_nothing() -> None:
    told = Told(RULES)
    added = told.does(ANNA, "Product Added", NOON, product_id="p", quantity=1, history=True)

    told.batch(NOON, *told.meets(ANNA, NOON), added)
    told.ends(NOON + timedelta(days=1))

    assert told.effects == []


def test_what_nobody_sent_counts_as_sent() -> None:
    told = Told(RULES)
    cart(told)

    told.ends(NOON + 60 * MINUTE)

    [contact] = _contacts(told)
    assert contact == ("reminder", "sent")


def test_a_status_of_a_message_that_would_not_have_been_sent_does_not_come() -> None:
    told = Told(RULES)
    cart(told)
    opened = DeliveryOpened(
        delivery_id=BERT,
        decision_id=BERT,
        enrollment_id=BERT,
        playbook="cart",
        version="v",
        message="reminder",
        channel="email",
        purpose="marketing",
        at=NOON,
    )

    other = msgspec.structs.replace(opened, playbook="views")
    told.batch(NOON + MINUTE, *(told.record(one, ANNA, NOON) for one in (opened, other)))

    assert _contacts(told) == [("reminder", "opened")]


def test_a_merged_profile_brings_the_state_that_it_would_have_had() -> None:
    handovers, at = Handovers({}, {}), NOON + 5 * MINUTE
    leaves = FiredTimer(ANNA, HANDOVER, at)
    told = Told(RULES, handovers=handovers, recorded=[leaves])
    cart(told)
    told.batch(NOON, *told.meets(BERT, NOON))
    merged = ProfileMerged(loser=ANNA, winner=BERT, profile_version=7)
    told.batch(at, told.record(merged, ANNA, at), told.record(merged, BERT, at))
    told.batch(at + MINUTE, fired=[leaves], reached=at + MINUTE)
    empty = ProfileHandedOver(loser=ANNA, winner=BERT, version=7, state=msgspec.Raw(b"null"))
    assert handovers.has(Merge.of(empty))

    told.batch(at + MINUTE, told.record(empty, BERT, at, topic="orchestrator.handover"))
    told.ends(NOON + 60 * MINUTE)

    assert [one[1:] for one in told.decided] == [REMINDED]
    [effect] = told.of("decisions")
    assert decode_event(effect.value or b"").subject == str(BERT)


def test_what_nobody_waits_for_any_more_ends_the_waiting() -> None:
    resting: dict[int, bool] = {}
    one, two = Handovers({}, resting, 1), Handovers({}, resting, 2)

    one.rests(at_all=True)
    assert not one.nobody_works

    two.rests(at_all=True)
    assert one.nobody_works


def _contacts(told: Told) -> list[tuple[str, str]]:
    state = told.past._world.state(str(ANNA))
    return [] if state is None else [(one.message, one.status) for one in state.contacts]
