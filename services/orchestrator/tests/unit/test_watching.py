"""With many playbooks in force, only those are asked that could react, and none of these is left out."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from common.contracts.profiles import LeadScored, TraitsChanged
from common.customer import Customer
from common.customer.vocabulary import CUSTOMER
from orchestrator.domain.occasion import Occasion
from orchestrator.domain.watching import COMPUTED, Watch, changes
from services.orchestrator.tests.living import ANNA, START, Life, compiled, configuration, playbook

BECOMING = (
    "customer.orders.count >= 2",
    "customer.counts['Page Viewed'] >= 2",
    "customer.counts['Product Viewed'] >= 1",
    "customer.lead_score >= 50",
    "size(customer.cart.items) > 1",
    "customer.cart.quantity > 3 && customer.lead_grade == 'A'",
    "'sms' in customer.reachable",
    "customer.consents['email.marketing']",
    "has(customer.rhythm) && customer.rhythm > duration('24h')",
    "has(customer.country) && customer.country == 'DE'",
)
HAPPENING = (
    "{event: Page Viewed}",
    """{event: Product Added, when: "event.properties.product_id == 'P-1'"}""",
    """{event: Product Added, when: "event.properties.product_id in ['P-2', 'P-3'] || event.properties.quantity > 2"}""",
    """{event: Product Added, when: "event.properties.product_id == 'P-1' || event.properties.product_id == 'P-2'"}""",
)
SCHEDULED = (
    "{inactive: 3d}",
    "{inactive: {rhythm: 2, least: 1d, most: 9d}}",
    "{date: customer.orders.first_at, offset: 2d}",
    '{date: customer.first_seen, every: year, time: "09:00"}',
)
JOURNEY = """\
purpose: marketing
trigger: TRIGGER
entry: {again: always}
steps: [{exit: {reason: seen}}]
"""
SHOP = configuration(
    *(
        playbook(f"p{number:02}", JOURNEY.replace("TRIGGER", trigger), {})
        for number, trigger in enumerate(
            [f'{{becomes: "{condition}"}}' for condition in BECOMING] + [*HAPPENING, *SCHEDULED]
        )
    )
)
NEVER = datetime.max.replace(tzinfo=UTC)
LIBRARY = compiled(SHOP)("shop")
PRODUCT = st.sampled_from(["P-1", "P-2"])
Thing = Callable[[Life], Any]


def views(path: str) -> Thing:
    return lambda life: life.does(path)


def adds(product: str, quantity: int) -> Thing:
    return lambda life: life.does(
        "Product Added", cart_id="C-1", product_id=product, quantity=quantity
    )


def orders(number: int) -> Thing:
    return lambda life: life.does("Order Completed", order_id=f"O-{number}")


def is_scored(score: int) -> Thing:
    told = LeadScored(
        score=score, previous_score=None, grade="AC"[score < 50], reasons=(), model_version="1"
    )
    return lambda life: life.learns(told)


def moves(zone: str, country: str) -> Thing:
    return lambda life: life.learns(
        TraitsChanged(
            profile_version=len(life.told) + 1,
            locale=None,
            time_zone=zone,
            country=country,
            reachable=("email", "sms"),
        )
    )


def rests(hours: int) -> Thing:
    return lambda life: life.waits(timedelta(hours=hours))


THINGS = st.one_of(
    st.sampled_from(["Page Viewed", "Product Viewed"]).map(views),
    st.builds(adds, PRODUCT, st.integers(1, 4)),
    st.builds(orders, st.integers(0, 3)),
    st.builds(is_scored, st.integers(0, 100)),
    st.builds(moves, st.sampled_from(["Europe/Berlin", "Asia/Tokyo"]), st.sampled_from("DF")),
    st.builds(rests, st.integers(1, 200)),
)


def known(life: Life) -> Customer:
    return life.state.customer if life.state is not None else Customer()


@given(st.lists(THINGS, max_size=12))
def test_whoever_could_react_is_asked(things: list[Thing]) -> None:
    life = Life(SHOP, willing=False)
    for thing in things:
        before = known(life)
        thing(life)
        occasion = Occasion(ANNA, known(life), life.now, ANNA, (before,))
        could = [one.name for one in LIBRARY.active if one.triggered_by(occasion)]

        assert set(could) <= {one.name for one in LIBRARY.listening(occasion)}


@given(st.lists(THINGS, max_size=12))
def test_no_timer_of_a_trigger_is_set_later_than_it_is_due(things: list[Thing]) -> None:
    life = Life(SHOP, willing=False)
    for thing in things:
        thing(life)
        for name, trigger in LIBRARY.schedules.items():
            due = trigger.next(known(life), life.now)
            if due is not None and life.state is not None:
                assert (life.state.schedules[name] or NEVER) <= due


def test_who_reads_nothing_that_changed_is_not_asked() -> None:
    life = Life(SHOP, willing=False)
    life.does("Product Viewed")
    before = known(life)
    life.does("Product Viewed")
    occasion = Occasion(ANNA, known(life), START, ANNA, (before,))

    assert [one.name for one in LIBRARY.listening(occasion)] == ["p02"]


def test_a_reader_of_the_whole_is_told_of_each_part() -> None:
    watch = Watch(
        [("all", [("customer",)]), ("cart", [("customer", "cart")]), ("none", [("now",)])]
    )

    assert watch.concerned(changes([Customer()], Customer(lead_score=1))) == {"all"}
    assert watch.concerned(changes([Customer()], Customer())) == set()


def test_whatever_conditions_may_name_of_a_customer_is_watched() -> None:
    """What is neither a field nor follows from one would change unnoticed."""
    assert CUSTOMER.fields.keys() - {*Customer.__struct_fields__, *COMPUTED} == set()
    assert set(COMPUTED.values()) <= {*Customer.__struct_fields__}
