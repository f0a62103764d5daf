"""However late a service comes back, orders that were accepted in time come before the reminders they cancel."""

from __future__ import annotations

import threading

import pytest

from tests.e2e.stack import Stack

CARTS = 1000
SILENCE = 10.0


@pytest.mark.parametrize("stopped", ["ingest-resolve", "orchestrator-consume"])
def test_a_thousand_orders_in_time_lead_to_no_reminder(stack: Stack, stopped: str) -> None:
    stack.cuestream("stop", stopped)
    shop = stack.shop()
    for number in range(CARTS):
        user = f"late-{stopped}-{number}"
        shop.identify(
            user,
            traits={"email": f"{user}@example.com", "consents": {"email.marketing": True}},
        )
        shop.track(
            user, "Product Added", {"product_id": "x", "name": "X", "price": 1, "currency": "EUR"}
        )
        shop.track(user, "Order Completed", {"order_id": user})
    shop.flush()
    shop.join()
    threading.Event().wait(SILENCE + 2)  # past the due time of every cart
    stack.cuestream("start", stopped)

    last = f"user:late-{stopped}-{CARTS - 1}"
    stack.until("cancelled", "why", last, "--json", seconds=60)
    addresses = [mail["To"][0]["Address"] for mail in stack.all_mails()]
    assert [address for address in addresses if address.startswith(f"late-{stopped}-")] == []
