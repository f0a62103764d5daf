"""What a tracking plan adds to the words of conditions."""

from __future__ import annotations

import pytest

from common.conditions import BOOL, DYN, NUMBER, STRING, ConditionError, Field, compile_condition
from common.customer import roots_of
from common.customer.activities import planned_properties

SCHEMA = {
    "properties": {
        "wrapping": {"type": "boolean"},
        "engraving": {"type": "string", "x-personal": True},
        "colour": {"type": ["string", "null"]},
        "weight": {"type": "integer"},
        "total": {"type": "number"},
        "gone": False,
    },
    "required": ["wrapping", "total"],
}


def test_a_plan_adds_properties_and_says_which_are_always_there() -> None:
    found = planned_properties([SCHEMA])

    assert found["wrapping"] == Field(BOOL, nullable=True, promised=True)
    assert found["weight"] == Field(NUMBER, nullable=True)
    assert found["total"] == Field(NUMBER, nullable=True, promised=True)
    assert found["colour"] == Field(DYN, nullable=True)
    assert found["price"] == Field(NUMBER, nullable=True)
    assert not {"engraving", "gone"} & found.keys()


def test_what_only_one_of_several_events_requires_may_be_missing() -> None:
    found = planned_properties([SCHEMA, {"properties": {"order_id": {"type": "string"}}}])

    assert found["wrapping"] == Field(BOOL, nullable=True)
    assert found["order_id"] == Field(STRING, nullable=True)


def test_without_a_plan_an_unknown_property_is_read_by_index_alone() -> None:
    roots = roots_of([])

    with pytest.raises(ConditionError, match=r"event\.properties\['wrapping'\]"):
        compile_condition("event.properties.wrapping", roots)
    compile_condition("event.properties['wrapping'] == true", roots)
    compile_condition("event.properties.wrapping", roots_of([SCHEMA]))
