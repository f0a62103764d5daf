"""A step in the words of the Segment protocol."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

from tests.fault.workload.script import PRODUCTS, Person, Plan, Step

EVENTS: Final = {
    "viewed": "Product Viewed",
    "added": "Product Added",
    "removed": "Product Removed",
    "ordered": "Order Completed",
    "custom": "Showroom Visited",
    "withdrew": "Consent Withdrawn",
}
PAGE: Final = "Page Viewed"
CURRENCY: Final = "EUR"


def message_of(step: Step, plan: Plan, began: datetime) -> dict[str, Any]:
    """What the client sends; the client's clock is the one by which the run began."""
    person = plan.people[step.person]
    # A message that is sent again says when it happened, not when it is sent.
    happened = began + timedelta(seconds=plan.happened[step.number])
    message: dict[str, Any] = {
        "messageId": plan.message_id(step.number),
        "timestamp": happened.isoformat(),
        **_content(step, person),
    }
    if step.as_user:
        message["userId"] = person.user
    if step.as_anonymous:
        message["anonymousId"] = person.anonymous
    return message


def _content(step: Step, person: Person) -> dict[str, Any]:
    if step.verb == "identify":
        traits: dict[str, Any] = _traits(person)
        if states_consent(step, person):
            traits["consents"] = {"email.marketing": person.consents}
        return {"type": "identify", "traits": traits}
    if step.verb == "page":
        return {"type": "page", "name": "Catalogue", "properties": {"path": "/catalogue"}}
    return {
        "type": "track",
        "event": EVENTS[step.verb],
        "properties": _properties(step, person),
    }


def _traits(person: Person) -> dict[str, Any]:
    return {
        "email": person.email,
        "firstName": "Ada",
        "locale": "en",
    }


def states_consent(step: Step, person: Person) -> bool:
    """Whether this identify says it; once, so that nobody says yes again after a no."""
    return not (person.kind == "turns_up_again" and step.as_anonymous)


def _properties(step: Step, person: Person) -> dict[str, Any]:
    if step.verb == "withdrew":
        return {"channel": "email", "purpose": "marketing", "basis": "consent"}
    name, price = PRODUCTS[step.product]
    if step.verb == "ordered":
        return {
            "order_id": f"{person.run}-o{step.number}",
            "total": price,
            "currency": CURRENCY,
        }
    return {
        "product_id": name,
        "name": f"Lamp {step.product}",
        "price": price,
        "currency": CURRENCY,
        "quantity": 1,
    }
