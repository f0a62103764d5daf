"""Whatever happens at a cart, and whatever shops write: the same cart, and no error."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from common.contracts.profiles import ActivityRecorded
from common.customer import Customer, apply
from common.customer.view import MAX_QUANTITY
from libs.common.tests.customer.carts import added, folded, ordered
from libs.common.tests.customer.making import START, activity, after

products = st.sampled_from("abc").map(lambda name: {"product_id": name})
words = st.fixed_dictionaries({}, optional={"name": st.sampled_from(["x", "y"])})
detailed = st.builds(
    lambda product, more, quantity: {**product, **more, "quantity": quantity},
    products,
    words,
    st.integers(1, 3),
)
instants = st.integers(0, 12 * 24).map(lambda hours: START + timedelta(hours=hours))


@st.composite
def operations(draw: st.DrawFn) -> ActivityRecorded:
    name = draw(
        st.sampled_from(
            ["Product Added"] * 4 + ["Product Removed", "Cart Viewed", "Order Completed"]
        )
    )
    properties = (
        {"products": draw(st.lists(detailed, max_size=3))}
        if name == "Cart Viewed"
        else draw(detailed)
    )
    return activity(name, properties, at=draw(instants), number=draw(st.integers(0, 10**6)))


histories = st.lists(operations(), max_size=25, unique_by=lambda one: one.event_id)


@settings(deadline=None)
@given(st.data(), histories)
def test_any_order_and_repetition_of_arrival_gives_the_same_cart(
    data: st.DataObject, history: list[ActivityRecorded]
) -> None:
    now = after(days=12)
    shuffled = data.draw(st.permutations(history))
    repeated = data.draw(st.lists(st.sampled_from(history), max_size=5)) if history else []
    in_order = sorted(history, key=lambda one: (one.occurred_at, one.event_id))

    assert folded([*shuffled, *repeated], now) == folded(in_order, now)


@settings(deadline=None, max_examples=4)
@given(st.randoms(use_true_random=False), st.integers(201, 210))
def test_more_operations_than_are_kept_give_the_same_cart_in_any_order(
    random: Any, count: int
) -> None:
    # Times differ from the order of ids, and an order lies somewhere in between.
    history = [added(n, "abcde"[n % 5], hours=(n * 37 % count) / 2) for n in range(count)]
    history[count // 3] = ordered(count // 3, hours=5.25)
    now = after(hours=count / 2)
    shuffled = list(history)
    random.shuffle(shuffled)

    assert folded(shuffled, now) == folded(history, now)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=5,
)
names = st.sampled_from(
    [
        "product_id",
        "sku",
        "quantity",
        "price",
        "currency",
        "products",
        "cart_id",
        "url",
        "image_url",
        "name",
        "order_id",
        "total",
    ]
)


@settings(deadline=None, max_examples=50)
@given(
    st.sampled_from(["Product Added", "Product Removed", "Cart Viewed", "Order Completed", "Odd"]),
    st.dictionaries(names, json_values | st.lists(st.dictionaries(names, json_values, max_size=4))),
)
def test_no_properties_make_it_raise(name: str, properties: dict[str, object]) -> None:
    customer = apply(None, activity(name, properties), now=START)

    assert all(1 <= item.quantity <= MAX_QUANTITY for item in customer.cart.items)
    assert msgspec.json.decode(msgspec.json.encode(customer), type=Customer) == customer
