"""Which fields and activities a condition is about."""

from __future__ import annotations

import pytest

from common.conditions import DURATION, Field, ObjectOf, compile_condition, required_fields
from common.customer import ROOTS


@pytest.mark.parametrize(
    ("text", "fields"),
    [
        ("size(customer.cart.items) > 0", {"customer.cart.items"}),
        ("customer.cart.items.exists(i, i.name == customer.lead_grade)", {"customer.cart.items", "customer.lead_grade"}),
        ("customer.cart.items.exists(customer, customer.name == '')", {"customer.cart.items"}),
        ("customer.counts['Order Completed'] > 0", {"customer.counts.Order Completed"}),
        ("'Order Completed' in customer.counts", {"customer.counts"}),
        ("has(event.properties.price) ? true : now > timestamp(0)", {"event.properties.price", "now"}),
        ("event.properties['x'] == [customer.lead_score]", {"event.properties.x", "customer.lead_score"}),
        ("customer.cart.items[customer.lead_score].quantity == 1", {"customer.cart.items", "customer.lead_score"}),
        ("{'a': customer.locale}.a == null", {"customer.locale"}),
        ("true", set()),
    ],
)  # fmt: skip
def test_a_condition_says_which_fields_it_reads(text: str, fields: set[str]) -> None:
    found = required_fields(compile_condition(text, ROOTS))

    assert {".".join(path) for path in found.fields} == fields
    assert found.roots == {path.split(".")[0] for path in fields}


@pytest.mark.parametrize(
    ("text", "events"),
    [
        ("event.name == 'A'", {"A"}),
        ("'A' == event.name && customer.lead_score > 1", {"A"}),
        ("event.name in ['A', 'B'] && event.name != 'B'", {"A", "B"}),
        ("event.name == 'A' || event.name == 'B'", {"A", "B"}),
        ("event.name == 'A' && event.name in ['B']", set()),
        ("event.name == 'A' || customer.lead_score > 1", None),
        ("!(event.name == 'A')", None),
        ("event.name == event.source", None),
        ("customer.lead_grade == 'A'", None),
    ],
)
def test_a_condition_says_for_which_activities_it_can_be_true(
    text: str, events: set[str] | None
) -> None:
    assert required_fields(compile_condition(text, ROOTS)).events == events


def test_what_is_known_beforehand_is_not_read() -> None:
    parameters = ObjectOf("parameters", {"rest": Field(DURATION, constant=None)})
    condition = compile_condition("parameters.rest == null", {"parameters": parameters})

    assert condition({})
    assert required_fields(condition).fields == {("parameters", "rest")}
