"""What vendors send is held against the workspace's tracking plan, in our words and not in theirs."""

from __future__ import annotations

import pytest
from msgspec import UNSET

from ingest.api import metrics
from services.ingest.tests import payloads
from services.ingest.tests.edge import Edge, configuration
from services.ingest.tests.vendors import HUBSPOT, NEW, SHOPIFY, WORKSPACE, as_json

PLAN = """
unknown_events: {unknown}
violations: {violations}
events:
  Order Completed:
    schema: {{required: [gift_note], properties: {{gift_note: {{type: string}}}}}}
"""


def hooked(violations: str = "flag", unknown: str = "accept") -> Edge:
    plan = PLAN.format(violations=violations, unknown=unknown)
    return Edge(configuration=configuration(WORKSPACE, plan=plan), secrets={"HOOK_NEW": NEW})


def counted(source: str, event: str, reason: str) -> float:
    return float(metrics.VIOLATIONS.labels("demo", source, event, reason)._value.get())


async def test_a_vendors_violation_is_quarantined_where_the_plan_says_so() -> None:
    edge = hooked("quarantine")
    before = counted("shopify", "Order Completed", "schema_violation")
    reply = await SHOPIFY.to(edge)

    (item,) = reply.json["rejected"]
    assert (reply.status, reply.json["accepted"], item["reason"]) == (200, 0, "schema_violation")
    assert "gift_note is missing" in item["detail"]
    assert (edge.set_aside, edge.events.records) == (["schema_violation"], [])
    assert counted("shopify", "Order Completed", "schema_violation") == before + 1


async def test_a_vendors_flagged_violation_is_stored_with_its_flaw_and_told() -> None:
    edge = hooked("flag")
    before = counted("shopify", "Order Completed", "schema_violation")
    reply = await SHOPIFY.to(edge)

    assert (reply.json["accepted"], reply.json["rejected"]) == (1, [])
    assert [told["reason"] for told in reply.json["flagged"]] == ["schema_violation"]
    assert [payload.flaw for _, payload in edge.stored] == ["schema_violation"]
    assert counted("shopify", "Order Completed", "schema_violation") == before + 1


@pytest.mark.parametrize(("unknown", "aside"), [("accept", []), ("quarantine", ["unknown_event"])])
async def test_an_event_of_a_vendor_that_nobody_planned(unknown: str, aside: list[str]) -> None:
    edge = hooked(unknown=unknown)
    deal = payloads.HUBSPOT_BATCH[1]
    reply = await HUBSPOT.to(edge, body=as_json([deal]))

    assert (reply.status, edge.set_aside) == (200, aside)


async def test_who_somebody_is_no_plan_says() -> None:
    edge = hooked("quarantine", "quarantine")
    reply = await HUBSPOT.to(edge, body=as_json([payloads.HUBSPOT_BATCH[0]]))

    assert (reply.json["accepted"], edge.set_aside) == (1, [])
    assert [payload.flaw for _, payload in edge.stored] == [UNSET]
