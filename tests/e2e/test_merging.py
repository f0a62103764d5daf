"""Whoever logs in was one person all along: one cart, one reminder, and the narrower will."""

from __future__ import annotations

from typing import Any

from tests.e2e.stack import Stack, eventually

LAMP = {"product_id": "lamp-1", "name": "Stehlampe", "price": 79.9, "currency": "EUR"}
BULB = {"product_id": "bulb-1", "name": "Leuchtmittel", "price": 4.5, "currency": "EUR"}
MARKETING = {"channel": "email", "purpose": "marketing"}


def says(stack: Stack, call: str, *arguments: Any, **more: Any) -> None:
    """One call of the SDK, handed over before the next is made."""
    shop = stack.shop()
    getattr(shop, call)(*arguments, **more)
    shop.flush()
    shop.join()


def known(stack: Stack, user: str, *, agrees: bool = True) -> str:
    """A user with an address; returns it."""
    address = f"{user}@example.com"
    traits = {"email": address, "locale": "de", "consents": {"email.marketing": agrees}}
    says(stack, "identify", user, traits=traits)
    return address


def does(stack: Stack, visitor: str, event: str, properties: dict[str, Any]) -> None:
    says(stack, "track", event=event, properties=properties, anonymous_id=visitor)


def test_a_visitor_who_logs_in_gets_one_reminder_of_all_that_is_in_the_cart(stack: Stack) -> None:
    address = known(stack, "e2e-uma")
    does(stack, "e2e-uma-phone", "Product Added", LAMP)
    stack.until("waits", "why", "anon:e2e-uma-phone")
    says(stack, "identify", "e2e-uma", anonymous_id="e2e-uma-phone")
    # At once: the reminder of the first product is on its way already.
    does(stack, "e2e-uma-phone", "Product Added", BULB)
    stack.until("Was one with", "why", "anon:e2e-uma-phone")

    [mail] = eventually("the reminder", lambda: stack.mails(address), 40)
    body = stack.mail(mail["ID"])["HTML"]
    assert "Stehlampe" in body
    assert "Leuchtmittel" in body
    stack.until("waits", "why", "user:e2e-uma")
    told = stack.cuestream("profile", "show", "user:e2e-uma")
    assert "Turned out to be one person" in told
    assert "anonymous:e2e-uma-phone" in told
    assert "chosen 1" in told
    assert len(stack.mails(address)) == 1


def test_a_no_under_either_name_holds_for_both(stack: Stack) -> None:
    agreed = known(stack, "e2e-vera")
    does(stack, "e2e-vera-phone", "Consent Withdrawn", MARKETING)
    refused = known(stack, "e2e-willi", agrees=False)
    does(stack, "e2e-willi-phone", "Consent Granted", MARKETING)
    for user in ("e2e-vera", "e2e-willi"):
        does(stack, f"{user}-phone", "Product Added", LAMP)
        stack.until("waits", "why", f"anon:{user}-phone")
        traits = {"consents": {"email.marketing": True}}
        says(stack, "identify", user, traits=traits, anonymous_id=f"{user}-phone")
    for user in ("e2e-vera", "e2e-willi"):
        stack.until("no_consent", "why", f"user:{user}", "--json", seconds=40)

    assert stack.mails(agreed) == stack.mails(refused) == []


def test_a_known_user_who_gets_another_name_is_reminded_once_of_one_cart(stack: Stack) -> None:
    address = known(stack, "e2e-yara")
    says(stack, "track", "e2e-yara", "Product Added", LAMP)
    stack.until("waits", "why", "user:e2e-yara")
    says(stack, "alias", "e2e-yara", "e2e-yara-2")
    says(stack, "track", "e2e-yara-2", "Product Added", BULB)

    [mail] = eventually("the reminder", lambda: stack.mails(address), 40)
    body = stack.mail(mail["ID"])["HTML"]
    assert "Stehlampe" in body
    assert "Leuchtmittel" in body
    for name in ("e2e-yara", "e2e-yara-2"):
        assert "chosen 1" in stack.cuestream("profile", "show", f"user:{name}")
    assert len(stack.mails(address)) == 1
