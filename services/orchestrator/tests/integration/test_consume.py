"""`orchestrator consume` on a real Kafka and a real PostgreSQL: from a cart to an action request, by virtual time."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any
from uuid import UUID

from common.clock import utc_now
from common.configuration import content_of
from common.contracts.actions import ActionRequested
from common.contracts.decisions import DecisionMade, EnrollmentEntered, EnrollmentExited
from common.contracts.profiles import ActivityRecorded, ConsentChanged, TraitsChanged
from common.ids import derive
from common.testing.installation import Installation, installed, running
from orchestrator.settings import ConsumeSettings, MigrateSettings
from orchestrator.wiring import consume, migrate
from services.orchestrator.tests.living import CART_ABANDONMENT, WORKSPACE, playbook

ANNA, BERT = derive("test", "anna"), derive("test", "bert")


@asynccontextmanager
async def orchestrated(bootstrap: str, database: Any) -> AsyncIterator[Installation]:
    url = database.of("orchestrator")
    await migrate(MigrateSettings(DATABASE_URL=url))
    async with installed(bootstrap) as shop:
        workspace = content_of("workspace", "shop", {"workspace.yaml": WORKSPACE})
        await shop.configure("shop", [workspace, playbook("cart_abandonment", CART_ABANDONMENT)])
        settings = ConsumeSettings(
            **shop.settings.model_dump(by_alias=True), DATABASE_URL=url, port=0
        )
        async with running(consume(settings)):
            yield shop


async def meets(shop: Installation, person: UUID, *, consents: bool = True) -> None:
    await shop.append(TraitsChanged(profile_version=1, reachable=("email",)), person)
    await shop.append(
        ConsentChanged(
            profile_version=1,
            channel="email",
            purpose="marketing",
            granted=consents,
            basis="opt_in",
            since=utc_now(),
            proof_id=person,
        ),
        person,
    )


async def does(shop: Installation, person: UUID, name: str, **properties: Any) -> None:
    activity = ActivityRecorded(
        event_id=derive("event", person, name),
        name=name,
        source="web",
        message_id=name,
        occurred_at=utc_now(),
        received_at=utc_now(),
        profile_version=1,
        properties=properties,
    )
    await shop.append(activity, person)


async def test_a_resting_cart_leads_to_one_request_and_an_ordered_one_to_none(
    kafka_bootstrap: str, database: Any
) -> None:
    async with orchestrated(kafka_bootstrap, database) as shop:
        for person in (ANNA, BERT):
            await meets(shop, person)
            await does(shop, person, "Product Added", product_id="shoe", quantity=1)
        await shop.wait_for(EnrollmentEntered, count=2)
        await does(shop, BERT, "Order Completed", order_id="o1")
        await shop.wait_for(DecisionMade)
        await shop.pass_time(utc_now() + timedelta(hours=1))
        decisions = await shop.wait_for(DecisionMade, count=2)
        exits = await shop.wait_for(EnrollmentExited, count=2)
        [request] = await shop.wait_for(ActionRequested)

    assert {one.trigger_id: one.outcome for one in decisions} == {
        derive("event", ANNA, "Product Added"): "chosen",
        derive("event", BERT, "Product Added"): "cancelled",
    }
    assert {one.reason for one in exits} == {"completed", "exit_when: Order Completed"}
    assert request.cart[0].product_id == "shoe"
    assert request.expires_at - (request.due_at or request.expires_at) > timedelta(hours=24)


async def test_without_consent_the_decision_is_rejected_and_nothing_is_requested(
    kafka_bootstrap: str, database: Any
) -> None:
    async with orchestrated(kafka_bootstrap, database) as shop:
        await meets(shop, ANNA, consents=False)
        await does(shop, ANNA, "Product Added", product_id="shoe", quantity=1)
        await shop.wait_for(EnrollmentEntered)
        await shop.pass_time(utc_now() + timedelta(hours=1))
        [decision] = await shop.wait_for(DecisionMade)
        await shop.wait_for(EnrollmentExited)
        requests = await shop.events("action.requests")

    assert (decision.outcome, decision.reason) == ("rejected", "no_consent")
    assert requests == []
