"""From a shop's SDK to an e-mail in a mailbox, told in words, and stopped by one click."""

from __future__ import annotations

import json
from typing import Any

import httpx

from tests.e2e.stack import Stack, eventually

LAMP = {
    "product_id": "lamp-1",
    "name": "Schreibtischlampe",
    "price": 79.9,
    "currency": "EUR",
    "quantity": 2,
    "url": "https://shop.example.com/lamp",
}


def fill_cart(stack: Stack, user: str, address: str, **traits: Any) -> str:
    """Identify and add a product; returns the message id of the latter."""
    shop, sent = stack.shop(), f"{user}-added"
    shop.identify(
        user,
        traits={
            "email": address,
            "locale": "de",
            "firstName": "Änne",
            "consents": {"email.marketing": True},
            **traits,
        },
    )
    shop.track(user, "Product Added", dict(LAMP), message_id=sent)
    shop.flush()
    shop.join()
    return sent


def say(stack: Stack, user: str, event: str, properties: dict[str, Any]) -> None:
    """One event, handed over before the next is made: the SDK's clock knows milliseconds, and ties go by event id."""
    shop = stack.shop()
    shop.track(user, event, properties)
    shop.flush()
    shop.join()


def test_an_abandoned_cart_leads_to_one_mail_and_the_story_can_be_told(stack: Stack) -> None:
    message = fill_cart(stack, "e2e-anna", "anna@example.com")

    [mail] = eventually("the reminder", lambda: stack.mails("anna@example.com"))
    body = stack.mail(mail["ID"])
    assert "Schreibtischlampe" in body["HTML"]
    assert "Schreibtischlampe" in body["Text"]
    assert "79,90" in body["HTML"]
    assert "Änne" in body["HTML"]

    told = stack.until("sent", "trace", message)
    assert "accepted" in told
    assert "cart_abandonment" in stack.cuestream("why", "user:e2e-anna")
    assert json.loads(stack.cuestream("why", "user:e2e-anna", "--json"))

    link = body["ListUnsubscribe"]["Header"].split("<", 1)[1].split(">", 1)[0]
    assert httpx.get(link).status_code == 200  # a scanner follows links: that is no unsubscribe
    assert httpx.post(link, data={"List-Unsubscribe": "One-Click"}).is_success
    assert httpx.post(link, data={"List-Unsubscribe": "One-Click"}).is_success

    say(stack, "e2e-anna", "Order Completed", {"order_id": "1"})
    say(stack, "e2e-anna", "Product Added", {**LAMP, "cart_id": "second"})
    stack.until("no_consent", "why", "user:e2e-anna", "--json", seconds=30)
    assert len(stack.mails("anna@example.com")) == 1


def test_an_order_cancels_the_reminder_at_once(stack: Stack) -> None:
    fill_cart(stack, "e2e-ben", "ben@example.com")
    say(stack, "e2e-ben", "Order Completed", {"order_id": "2"})
    told = stack.until("cancelled", "why", "user:e2e-ben", "--json", seconds=8)
    assert "Order Completed" in told
    assert stack.mails("ben@example.com") == []
