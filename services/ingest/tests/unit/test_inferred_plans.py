"""A tracking plan made of what arrived: names and kinds of values, and none of the values."""

from __future__ import annotations

from typing import Any

import msgspec
import yaml
from hypothesis import given
from hypothesis import strategies as st

from common.configuration.tracking import parse_plan
from common.contracts.ingestion import EventAccepted
from ingest.domain.inference import arrived, infer
from ingest.domain.tracking import Guard
from services.ingest.tests.making import accepted

ADDED = {"product_id": "p1", "price": 9.9, "quantity": 1, "gift": True}

names = st.one_of(
    st.sampled_from(["price", "fit", "Größe", "ada@shop.example", "", "a b", "$x", "email"]),
    st.text(max_size=8),
)
values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**60), 2**60)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3),
    max_leaves=8,
)
events = st.lists(
    st.tuples(
        st.sampled_from(["A", "Product Added", "ä b"]), st.dictionaries(names, values, max_size=4)
    ),
    min_size=1,
    max_size=12,
)


def schema(*properties: dict[str, Any]) -> dict[str, Any]:
    plan = infer([("A", each) for each in properties])
    found: dict[str, Any] = plan["events"]["A"]["schema"]
    return found


@given(events)
def test_all_that_a_plan_was_made_of_is_good_under_it(
    seen: list[tuple[str, dict[str, Any]]],
) -> None:
    guard = Guard(parse_plan("shop", yaml.safe_dump(infer(seen))))

    assert [guard.judge(event, properties).flaw for event, properties in seen] == [None] * len(seen)


@given(events, st.randoms(use_true_random=False))
def test_the_order_in_which_events_came_does_not_matter(
    seen: list[tuple[str, dict[str, Any]]], random: Any
) -> None:
    shuffled = random.sample(seen, len(seen))

    assert infer(shuffled) == infer(seen)


def test_kinds_are_told_and_values_are_not() -> None:
    found = schema(ADDED, {**ADDED, "price": 5, "gift": None})

    assert found == {
        "type": "object",
        "properties": {
            "gift": {"type": ["boolean", "null"]},
            "price": {"type": "number"},
            "product_id": {"type": "string"},
            "quantity": {"type": "integer"},
        },
    }


def test_what_was_always_there_is_required_once_it_was_often_there() -> None:
    often: list[dict[str, Any]] = [ADDED, ADDED, ADDED, ADDED, {"product_id": "p2"}]

    assert schema(*often)["required"] == ["product_id"]
    assert "required" not in schema(*often[1:])


def test_lists_of_objects_are_looked_into() -> None:
    found = schema({"products": [{"product_id": "a"}, {"product_id": "b", "price": 1}]})

    assert found["properties"]["products"] == {
        "type": "array",
        "items": {
            "type": "object",
            "properties": {"price": {"type": "integer"}, "product_id": {"type": "string"}},
        },
    }


def test_what_looks_or_sounds_personal_is_marked_so() -> None:
    sent = {
        "note": "ask ada@shop.example",
        "customerEmail": "x",
        "first_name": "Ada",
        "brand_name": "Nordlicht",
        "phone": 1,
    }
    found = schema(sent)["properties"]

    assert sorted(name for name in found if found[name].get("x-personal")) == [
        "customerEmail",
        "first_name",
        "note",
        "phone",
    ]


def test_a_key_that_is_somebodys_address_is_no_property() -> None:
    assert list(schema({"ada@shop.example": 1, "fit": "slim"})["properties"]) == ["fit"]


def test_an_event_that_is_named_after_somebody_is_left_out() -> None:
    assert list(infer([("Mail to ada@shop.example", {}), ("A", {})])["events"]) == ["A"]


def test_of_what_arrived_only_activities_are_read() -> None:
    def payload(protocol: str = "segment", **message: Any) -> EventAccepted:
        record = accepted({"userId": "u", **message}, protocol=protocol)
        return record.event.payload(EventAccepted)

    assert arrived(payload(type="track", event="add_to_cart", properties={"a": 1})) == (
        "Product Added",
        {"a": 1},
    )
    assert arrived(payload(type="page", name="Home")) == ("Page Viewed", {"name": "Home"})
    assert arrived(payload(type="identify", traits={"email": "a@b.example"})) is None
    assert arrived(payload(type="group", groupId="g")) is None
    assert arrived(payload(type="nonsense")) is None
    assert arrived(payload("webhook", topic="orders/create")) is None
    assert arrived(msgspec.structs.replace(payload(), body=msgspec.Raw(b"[1"))) is None
