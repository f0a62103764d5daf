"""What vendors' payloads say in our words, from the request to what resolve makes of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import msgspec
import pytest

from common.configuration.workspace import NAMED_ACCOUNTS, Source
from common.consuming import Record
from common.contracts import Payload
from common.contracts.catalog import ProductChanged
from common.contracts.profiles import ActivityRecorded
from ingest.domain.reading import read
from ingest.domain.segment import allowed
from ingest.domain.webhooks import VENDORS
from services.ingest.tests import payloads
from services.ingest.tests.edge import Edge
from services.ingest.tests.making import NOW, Shop, activities, consents
from services.ingest.tests.vendors import (
    HUBSPOT,
    SALESFORCE,
    SHOPIFY,
    SHOPWARE,
    STANDARD,
    STRIPE,
    WOOCOMMERCE,
    Sent,
    as_json,
    hooked,
    topic,
)


@dataclass
class Hooked:
    """An edge and a resolve behind it."""

    edge: Edge = field(default_factory=hooked)
    shop: Shop = field(default_factory=Shop)
    folded: int = 0

    async def gets(
        self, sent: Sent, value: object = None, name: str = "", message_id: str = "d1"
    ) -> list[Payload]:
        """Send and fold; returns what others are told."""
        body = None if value is None else value if isinstance(value, bytes) else as_json(value)
        header = {"shopify": "X-Shopify-Topic", "woocommerce": "X-WC-Webhook-Topic"}.get(sent.kind)
        change = topic(header, name) if header and name else list
        reply = await sent.to(self.edge, body=body, change=change, message_id=message_id)
        assert reply.status == 200
        told: list[Payload] = []
        for event, _ in self.edge.stored[self.folded :]:
            self.shop.now += timedelta(seconds=1)
            record = Record("ingest.events", 0, self.folded, self.edge.now, self.edge.now, event)
            told += self.shop.folds(record)
            self.folded += 1
        return told

    async def does(self, sent: Sent, value: object = None, name: str = "") -> ActivityRecorded:
        (activity,) = activities(await self.gets(sent, value, name))
        return activity


def test_every_kind_of_source_is_a_vendor() -> None:
    kinds = set(Source.model_fields["kind"].annotation.__args__)  # type: ignore[union-attr]

    assert kinds - {"server", "browser"} == set(VENDORS)
    assert {kind for kind, vendor in VENDORS.items() if vendor.account} == NAMED_ACCOUNTS


async def test_an_order_of_shopify() -> None:
    hooks = Hooked()
    activity = await hooks.does(SHOPIFY)

    assert activity.name == "Order Completed"
    assert activity.occurred_at == NOW - timedelta(minutes=5)
    assert activity.properties == {
        "order_id": "820982911946154508",
        "cart_id": "68778783ad298f1c80c3bafcddeea02f",
        "checkout_id": "bd5a8aa1ecd019dd3520ff791ee3a24c",
        "total": 398.0,
        "subtotal": 388.0,
        "tax": 0.0,
        "shipping": 10.0,
        "discount": 20.0,
        "currency": "EUR",
        "coupon": "SPRING10",
        "status": "paid",
        "products": [
            {
                "product_id": "632910392",
                "sku": "IPOD2008PINK",
                "name": "IPod Nano – 8 GB",
                "variant": "blue",
                "brand": "Apple",
                "price": 199.0,
                "quantity": 2,
            }
        ],
    }
    contact = hooks.shop.contact
    assert (contact.email, contact.first_name, contact.phone) == (
        "john@example.com",
        "John",
        "+16135551111",
    )
    assert (contact.country, contact.locale) == ("CA", "de-DE")
    assert [(c.channel, c.granted) for c in contact.consents] == [("email", True)]  # fmt: skip


async def test_a_refund_belongs_to_whoever_ordered_in_either_order() -> None:
    for first in (True, False):
        hooks = Hooked()
        if first:
            await hooks.gets(SHOPIFY)
        refund = await hooks.does(SHOPIFY, payloads.SHOPIFY_REFUND, "refunds/create")
        if not first:
            await hooks.gets(SHOPIFY)

        assert (refund.name, refund.properties["total"]) == ("Order Refunded", 50.0)
        live = [p for p in hooks.shop.people.profiles.values() if p.merged_into is None]
        assert len(live) == 1


async def test_a_cart_becomes_its_buyers() -> None:
    hooks = Hooked()
    cart = await hooks.does(SHOPIFY, payloads.SHOPIFY_CART, "carts/update")
    await hooks.gets(SHOPIFY)

    assert (cart.name, cart.properties["cart_id"]) == (
        "Cart Viewed",
        payloads.SHOPIFY_CART["token"],
    )
    assert [p.claimed for p in hooks.shop.people.profiles.values()] == [True]  # fmt: skip


async def test_an_old_yes_repeated_with_an_address_does_not_outweigh_a_no() -> None:
    hooks = Hooked()
    await hooks.gets(SHOPIFY)
    hooks.edge.now += timedelta(hours=1)
    told = await hooks.gets(
        SHOPIFY, payloads.SHOPIFY_CONSENT, "customers_email_marketing_consent/update"
    )
    assert consents(told) == [("email", "marketing", False)]
    hooks.edge.now += timedelta(hours=1)
    changed = {
        **payloads.SHOPIFY_CUSTOMER,
        "first_name": "Jon",
        "updated_at": "2026-03-01T13:55:00Z",
    }
    told = await hooks.gets(SHOPIFY, changed, "customers/update", "d2")

    assert consents(told) == []
    assert [c.granted for c in hooks.shop.contact.consents] == [False]
    assert hooks.shop.contact.first_name == "Jon"  # fmt: skip


@pytest.mark.parametrize(
    ("sent", "value", "name", "properties"),
    [
        (SHOPIFY, payloads.SHOPIFY_PRODUCT, "products/update",
         {"product_id": "788032119674292922", "price": 19.99, "stock": 125.0, "name": "Example T-Shirt"}),
        (WOOCOMMERCE, payloads.WOOCOMMERCE_PRODUCT, "product.updated",
         {"product_id": "794", "price": 21.99, "stock": 5, "category": "Clothing"}),
        (SHOPWARE, payloads.SHOPWARE_PRODUCT, "", {"product_id": "11dc680240b04f469ccba354cbf0b967", "stock": 7}),
    ],
)  # fmt: skip
async def test_products_have_price_and_stock_and_are_nobody(
    sent: Sent, value: Any, name: str, properties: dict[str, object]
) -> None:
    hooks = Hooked()
    told = await hooks.gets(sent, value, name)
    ((event, payload),) = hooks.edge.stored
    (call,) = read(payload)

    assert call.event == "Product Updated"
    assert call.identifiers == ()
    assert properties.items() <= allowed(call.properties, call.event).items()
    assert event.subject == f"product:{properties['product_id']}"
    assert [type(each) for each in told] == [ProductChanged]
    assert dict(hooks.shop.people.profiles) == {}


async def test_an_order_of_woocommerce_and_one_of_a_guest() -> None:
    hooks = Hooked()
    order = await hooks.does(WOOCOMMERCE)
    guest = {**payloads.WOOCOMMERCE_ORDER, "id": 728, "customer_id": 0}
    first = (await hooks.gets(WOOCOMMERCE, guest, "order.created"))[-1:]
    again = {**guest, "id": 729, "status": "refunded"}
    refund = await hooks.does(WOOCOMMERCE, again, "order.updated")

    assert (order.properties["total"], order.properties["coupon"]) == (29.35, "herbst")
    assert first
    assert refund.name == "Order Refunded"
    assert len(hooks.shop.people.profiles) == 2
    known = hooks.shop.people.identities
    assert all("example.com" not in who.value for who in known if who.kind != "email")


async def test_an_order_and_a_newsletter_of_shopware() -> None:
    hooks = Hooked()
    order = await hooks.does(SHOPWARE)
    recipient = {"email": "neu@example.com", "confirmedAt": "2026-03-01T11:58:00+00:00"}
    body = {"data": {"event": "newsletter.confirm", "payload": {"newsletterRecipient": recipient}},
            "source": payloads.SHOPWARE_ORDER["source"]}  # fmt: skip
    told = await hooks.gets(SHOPWARE, body)

    assert (order.properties["order_id"], order.properties["total"]) == ("10060", 495.01)
    assert order.properties["products"][0]["sku"] == "SWDEMO10002"
    assert consents(told) == [("email", "marketing", True)]


async def test_a_batch_of_hubspot_is_as_many_events() -> None:
    hooks = Hooked()
    told = activities(await hooks.gets(HUBSPOT))

    assert [activity.name for activity in told] == ["Deal Won", "Support Call Logged"]
    assert told[0].properties == {"deal_id": "77", "stage": "closedwon"}
    assert [payload.message_id for _, payload in hooks.edge.stored] == [
        f"{n}:138:1772366340000" for n in (1, 2, 3, 4)
    ]
    owner = hooks.shop.people.owner
    ids = {who.value: owner(who) for who in hooks.shop.people.identities}
    assert ids["hubspot:1246965"] == ids["hubspot:deal:77"] != ids["hubspot:call:900"]


async def test_notifications_of_salesforce_are_acknowledged_and_kept_in_their_envelope() -> None:
    hooks = Hooked()
    second = {**payloads.SALESFORCE_OPPORTUNITY, "Id": "006240000000002"}
    body = payloads.salesforce("Opportunity", payloads.SALESFORCE_OPPORTUNITY, second).encode()
    reply = await SALESFORCE.to(hooks.edge, body=body)

    assert b"<Ack>true</Ack>" in reply.body
    assert reply.headers["content-type"].startswith("text/xml")
    stored = [payload for _, payload in hooks.edge.stored]
    assert [payload.message_id for payload in stored] == [f"04l2400000000{n:03}AAA" for n in (0, 1)]
    alone = payloads.salesforce("Opportunity", payloads.SALESFORCE_OPPORTUNITY)
    assert msgspec.json.decode(stored[0].body) == alone


async def test_people_and_deals_of_salesforce() -> None:
    hooks = Hooked()
    told = await hooks.gets(SALESFORCE)
    body = payloads.salesforce("Opportunity", payloads.SALESFORCE_OPPORTUNITY).encode()
    deal = await hooks.does(SALESFORCE, body.replace(b"04l24000000", b"04l24000001"))

    assert consents(told) == [("email", "marketing", False)]
    assert (deal.name, deal.properties["value"]) == ("Deal Won", 1250.0)
    assert "Beispiel & Söhne" in {p.snapshot.last_name for p in hooks.shop.people.profiles.values()}


async def test_amounts_of_stripe_are_in_the_smallest_unit_of_their_currency() -> None:
    hooks = Hooked()
    told = await hooks.gets(STRIPE)
    invoice = await hooks.does(STRIPE, payloads.STRIPE_INVOICE)

    (order,) = activities(told)
    assert (order.properties["total"], order.properties["tax"]) == (21.98, 3.51)
    assert consents(told) == [("email", "marketing", True)]
    assert (invoice.name, invoice.properties["total"]) == ("Invoice Booked", 1500.0)


async def test_a_standard_webhook_names_our_own_users_where_its_ids_are_shared() -> None:
    hooks = Hooked()
    activity = await hooks.does(STANDARD)
    owner = hooks.shop.owner_of(userId="u1")

    assert activity.name == "Order Completed"
    assert activity.properties == {"order_id": "o1", "total": 12.5, "currency": "EUR"}
    assert [owner] == list(hooks.shop.people.profiles)


@pytest.mark.parametrize("address", ["ada@shop.example", "203.0.113.7", "+49 151 23456789"])
async def test_an_address_in_a_standard_webhooks_type_stays_behind(address: str) -> None:
    activity = await Hooked().does(
        STANDARD, {**payloads.STANDARD_ORDER, "type": f"sold.to {address}"}
    )

    assert activity.name == "Sold To [removed]"


async def test_a_request_that_comes_again_tells_nothing_again() -> None:
    hooks = Hooked()

    assert await hooks.gets(SHOPIFY)
    assert await hooks.gets(SHOPIFY) == []


@pytest.mark.parametrize("at", [NOW, NOW + timedelta(days=400)])
async def test_nothing_happens_after_it_was_received(at: datetime) -> None:
    order = {**payloads.SHOPIFY_ORDER, "created_at": at.isoformat()}

    assert (await Hooked().does(SHOPIFY, order)).occurred_at == NOW
