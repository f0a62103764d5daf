"""What the dispatcher's tests begin with: one recipient, one request, one workspace."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

from common.contracts import Money
from common.contracts.actions import ActionRequested, CartItem
from common.contracts.profiles import Consent, ContactChanged
from common.ids import derive
from dispatcher.domain.delivery import Delivery
from dispatcher.domain.gate import AddressStanding, ContactsKnowledge, Situation
from dispatcher.domain.recipient import Recipient
from dispatcher.domain.rules import Rules, Sender
from dispatcher.domain.templates import Links
from dispatcher.ports import Email

NOW = datetime(2026, 11, 21, 12, 0, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)
HOUR = timedelta(hours=1)
ANNA = derive("profile", "anna")
ADDRESS = "anna@example.com"

RULES = Rules(
    workspace="demo",
    locales=("de", "en"),
    sender=Sender("shop@example.org", "Müller & Söhne"),
    mode="live",
    brand={"name": "Müller & Söhne", "imprint": "Müller GmbH\nHauptstraße 1"},
)
LINKS = Links(
    "https://mail.example.org/u/AbC",
    "https://mail.example.org/p/AbC",
    "https://mail.example.org/v/AbC",
)
GERMAN = """---
subject: "{{ customer.first_name | default: 'Hallo' }}, dein Warenkorb wartet"
preheader: Noch {{ cart.items | size }} Artikel
---
<h1>Noch da?</h1>
<ul>
{% for item in cart.items %}<li>{{ item.quantity }} × {{ item.name }}{% if item.price %}: {{ item.price | money }}{% endif %}</li>
{% endfor %}</ul>
"""
ENGLISH = """---
subject: "Your cart at {{ brand.name }}"
---
<p>Hello {{ customer.first_name | default: 'there' }}</p>
"""
ASKING = """---
subject: "{{ brand.name }}: bitte bestätigen"
confirms: email.marketing
---
<p><a href="{{ links.confirm }}">Ja, ich möchte Post bekommen</a></p>
"""
FILES = {
    "journey.yaml": "purpose: marketing\n",
    "templates/reminder.email.de.liquid": GERMAN,
    "templates/reminder.email.en.liquid": ENGLISH,
    "templates/ask.email.de.liquid": ASKING,
}


def delivery_id(number: int = 1) -> UUID:
    return derive("delivery", number)


def request(number: int = 1, **changes: object) -> ActionRequested:
    values: dict[str, object] = {
        "delivery_id": delivery_id(number),
        "decision_id": derive("decision", number),
        "enrollment_id": derive("enrollment", number),
        "playbook": "cart_abandonment",
        "version": "v1",
        "message": "reminder",
        "channel": "email",
        "purpose": "marketing",
        "expires_at": NOW + 24 * HOUR,
        "cart": (
            CartItem(product_id="p1", name="Rock <rot>", quantity=2, price=Money(2990, "EUR")),
            CartItem(product_id="p2", name="Hut"),
        ),
    }
    return ActionRequested(**(values | changes))  # type: ignore[arg-type]


def delivery(number: int = 1, *, profile_id: UUID = ANNA, **changes: object) -> Delivery:
    return Delivery(
        partition=0,
        workspace="demo",
        profile_id=profile_id,
        request=request(number, **changes),
        cause=derive("request", number),
        correlation=derive("event", number),
        accepted_at=NOW - SECOND,
    )


def consent(purpose: str = "marketing", since: datetime = NOW - HOUR) -> Consent:
    return Consent(
        channel="email",
        purpose=purpose,
        granted=True,
        basis="consent",
        since=since,
        proof_id=derive("proof"),
    )


def contact(version: int = 1, **changes: object) -> ContactChanged:
    values: dict[str, object] = {
        "profile_version": version,
        "email": ADDRESS,
        "first_name": "Anna",
        "locale": "de-DE",
        "consents": (consent(),),
    }
    return ContactChanged(**(values | changes))  # type: ignore[arg-type]


def recipient(version: int = 1, **changes: object) -> Recipient:
    return Recipient(workspace="demo", version=version, contact=contact(version, **changes))


def situation(**changes: object) -> Situation:
    """One in which the delivery may be sent."""
    values: dict[str, object] = {
        "now": NOW,
        "delivery": delivery(),
        "recipient": recipient(),
        "address": AddressStanding(),
        "halted": False,
        "contacts": ContactsKnowledge(NOW - SECOND / 2, HOUR),
        "barrier_at": NOW,
        "configured": True,
        "template": "ready",
    }
    return Situation(**(values | changes))  # type: ignore[arg-type]


def email(**changes: object) -> Email:
    values: dict[str, object] = {
        "sender": RULES.sender,
        "to": ADDRESS,
        "subject": "Dein Warenkorb wartet – Größe 38",
        "html": "<p>Grüße</p>\n<p>.</p>\n.\n",
        "text": "Grüße\n.\n..\n",
        "language": "de",
        "date": NOW,
        "unsubscribe": LINKS.unsubscribe,
    }
    return Email(**(values | changes))  # type: ignore[arg-type]
