"""What arrives is held against the workspace's tracking plan."""

from __future__ import annotations

import tracemalloc
from typing import Any

import pytest
from msgspec import UNSET

from common.configuration.tracking import parse_plan
from common.contracts.ingestion import EDGE
from common.errors import PermanentError
from ingest.api import metrics
from ingest.api.keys import check_workspace
from ingest.domain.tracking import Guard
from services.ingest.tests.edge import BROWSER_KEY, ORIGIN, Edge, configuration, track
from services.ingest.tests.making import Shop, accepted, activities

PLAN = """
unknown_events: {unknown}
violations: {violations}
events:
  Product Added:
    schema:
      type: object
      required: [product_id]
      properties:
        product_id: {{type: string}}
        price: {{type: number, minimum: 0}}
        fit: {{type: string}}
        sizes: {{type: array}}
        salutation: {{type: string, x-personal: true}}
        a@b.example: {{type: string}}
  Page Viewed: {{schema: {{required: [path]}}}}
  Cart Viewed: {{violations: accept, schema: {{required: [cart_id]}}}}
"""


def edge(violations: str = "flag", unknown: str = "accept") -> Edge:
    return Edge(
        configuration=configuration(plan=PLAN.format(violations=violations, unknown=unknown))
    )


def counted(event: str, reason: str) -> float:
    return float(metrics.VIOLATIONS.labels("demo", "shop", event, reason)._value.get())


def added(**properties: Any) -> dict[str, Any]:
    return track(messageId="m1", properties=properties)


async def test_what_keeps_to_the_plan_is_taken_as_ever() -> None:
    shop = edge("quarantine", "quarantine")
    reply = await shop.post("/v1/track", added(product_id="p1", price=1.5))

    assert reply.json == {"success": True, "accepted": 1, "rejected": []}
    assert shop.stored[0][1].flaw is UNSET


@pytest.mark.parametrize(
    ("properties", "detail"),
    [
        ({}, "breaks required of the plan's schema: product_id is missing"),
        ({"product_id": 5}, "breaks properties/product_id/type of the plan's schema"),
        (
            {"product_id": "p", "price": -1},
            "breaks properties/price/minimum of the plan's schema",
        ),
    ],
)
async def test_a_violation_is_quarantined_where_the_plan_says_so(
    properties: dict[str, Any], detail: str
) -> None:
    shop = edge("quarantine")
    before = counted("Product Added", "schema_violation")
    reply = await shop.post("/v1/batch", {"batch": [added(**properties), added(product_id="p")]})

    (item,) = reply.json["rejected"]
    assert (reply.json["accepted"], item["index"], item["messageId"]) == (1, 0, "m1")
    assert (item["reason"], item["detail"]) == ("schema_violation", detail)
    assert shop.set_aside == ["schema_violation"]
    assert counted("Product Added", "schema_violation") == before + 1


async def test_a_flagged_violation_is_stored_with_its_flaw_and_told() -> None:
    shop = edge("flag")
    before = counted("Product Added", "schema_violation")
    reply = await shop.post("/v1/batch", {"batch": [added(product_id="p"), added(product_id=7)]})

    assert (reply.json["accepted"], reply.json["rejected"]) == (2, [])
    (told,) = reply.json["flagged"]
    assert (told["index"], told["reason"]) == (1, "schema_violation")
    assert [payload.flaw or "" for _, payload in shop.stored] == ["", "schema_violation"]
    assert counted("Product Added", "schema_violation") == before + 1


async def test_an_accepted_violation_is_only_counted() -> None:
    shop = edge("quarantine")
    before = counted("Cart Viewed", "schema_violation")
    reply = await shop.post("/v1/track", track(event="Cart Viewed"))

    assert reply.json == {"success": True, "accepted": 1, "rejected": []}
    assert shop.stored[0][1].flaw is UNSET
    assert counted("Cart Viewed", "schema_violation") == before + 1


@pytest.mark.parametrize(
    ("unknown", "status", "flaw", "set_aside"),
    [
        ("accept", 200, [""], []),
        ("flag", 200, ["unknown_event"], []),
        ("quarantine", 400, [], ["unknown_event"]),
    ],
)
async def test_an_unknown_event_is_treated_as_the_plan_says(
    unknown: str, status: int, flaw: list[str], set_aside: list[str]
) -> None:
    shop = edge(unknown=unknown)
    before = counted("(unknown)", "unknown_event")
    reply = await shop.post("/v1/track", track(event="Lottery Won"))

    assert reply.status == status
    assert [payload.flaw or "" for _, payload in shop.stored] == flaw
    assert shop.set_aside == set_aside
    assert counted("(unknown)", "unknown_event") == before + 1


async def test_who_somebody_is_is_in_no_plan() -> None:
    shop = edge("quarantine", "quarantine")
    calls = ({"type": kind, "userId": "u", "traits": {"a": 1}} for kind in ("identify", "group"))
    reply = await shop.post("/v1/batch", {"batch": [*calls, {"type": "alias", "userId": "u"}]})

    assert (reply.json["accepted"], reply.json["rejected"]) == (3, [])


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/track", track(event="add_to_cart")),
        ("/v1/page", {"anonymousId": "a", "name": "Home"}),
        ("/v1/cloudevents", None),
        ("/v1/t", track(event="  Product   Added ")),
    ],
)
async def test_the_plan_holds_at_every_door_and_in_every_vocabulary(path: str, body: Any) -> None:
    shop = edge("quarantine", "quarantine")
    headers = {}
    if body is None:
        headers = {"content-type": "application/cloudevents+json"}
        body = {
            "specversion": "1.0",
            "id": "1",
            "source": "s",
            "type": "com.shop.product.added.v1",
            "subject": "u",
            "data": {"price": 1},
        }
    reply = await shop.post(path, body, headers=headers)

    assert (reply.status, reply.json["error"]) == (400, "schema_violation")
    assert shop.stored == []


async def test_a_pixel_is_held_against_it_too() -> None:
    shop = edge("quarantine")
    reply = await shop.request(
        "GET", f"/v1/pixel.gif?key={BROWSER_KEY}&anonymous=a", headers={"origin": ORIGIN}
    )

    assert (reply.status, reply.headers["x-error"]) == (400, "schema_violation")


async def test_what_the_answer_tells_is_of_the_plan_and_not_of_the_person() -> None:
    shop = edge("quarantine")
    reply = await shop.post("/v1/track", added(product_id={"mail": "ada@shop.example"}))

    assert "ada@" not in reply.json["detail"]
    assert "ada@" not in str(shop.quarantine.records[0].headers)


async def test_the_plans_properties_may_travel_and_no_others() -> None:
    shop = edge()
    sent = {"fit": "slim", "sizes": ["S", "M"], "salutation": "Dr", "a@b.example": "x", "other": 1}
    await shop.post("/v1/track", added(product_id="p1", **sent))
    (stored,) = (payload for _, payload in shop.stored)

    assert stored.planned == ("fit", "sizes")


@pytest.mark.parametrize(
    ("value", "travels"),
    [
        ("slim", "slim"),
        ("write to ada@shop.example", "write to [removed]"),
        (True, True),
        (2, 2),
        (["a", "b"], ["a", "b"]),
        ({"deep": 1}, None),
    ],
)
def test_a_planned_property_travels_in_the_form_it_has(value: Any, travels: Any) -> None:
    message = {
        "type": "track",
        "event": "Product Added",
        "userId": "u",
        "properties": {"fit": value, "x": 1},
    }
    shop = Shop()
    payloads = shop.folds(accepted(message, planned=("fit",), source=EDGE))

    (activity,) = activities(payloads)
    assert activity.properties == ({} if travels is None else {"fit": travels})


async def test_a_release_whose_plan_cannot_be_read_is_refused() -> None:
    release = configuration(plan="events: 1").releases["demo"]

    with pytest.raises(PermanentError, match="configuration_invalid"):
        check_workspace(release)


def test_names_as_large_as_messages_are_not_remembered() -> None:
    guard = Guard(parse_plan("demo", PLAN.format(violations="flag", unknown="flag")))
    tracemalloc.start()
    try:
        for number in range(200):
            assert guard.judge(f"{number} " + "x" * 30_000, {}).flaw == "unknown_event"
        held, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert held < 1_000_000
