"""Requests as vendors send them: payloads after their documentation, signed by a second implementation."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from standardwebhooks.webhooks import Webhook

from services.ingest.tests import payloads
from services.ingest.tests.edge import URL, Edge, Reply, configuration
from services.ingest.tests.making import NOW

OLD, NEW, WRONG = (
    "whsec_b2xkLXNlY3JldC1vZi0yMDI1",
    "whsec_bmV3LXNlY3JldC1vZi0yMDI2",
    "whsec_d3Jvbmctc2VjcmV0LTEyMw==",
)
ORGANISATION = "00D24000000abcdEAA"
_SOURCES = "\n".join(
    f"  {kind}: {{kind: {kind}, secrets: [HOOK_NEW, HOOK_OLD]{more}}}"
    for kind, more in {
        "shopify": "",
        "woocommerce": "",
        "shopware": ", account: dgrH7nLU6tlE",
        "hubspot": "",
        "salesforce": f", account: {ORGANISATION}",
        "stripe": "",
        "standard": ", ids: shared",
    }.items()
)
WORKSPACE = f"""
sources:
{_SOURCES}
  unset: {{kind: shopify, secrets: [NOT_SET]}}
  small: {{kind: shopify, secrets: [HOOK_NEW], limits: {{max_body: 1024, events_per_second: 1, burst: 1}}}}
brand: {{name: Shop, url: 'https://shop.example/', imprint: Shop}}
locales: [de]
"""

Headers = list[tuple[str, str]]
Sign = Callable[[bytes, str, datetime, str], Headers]


def hooked() -> Edge:
    """An edge that knows a source of each kind, by the kind's name."""
    return Edge(configuration=configuration(WORKSPACE), secrets={"HOOK_NEW": NEW, "HOOK_OLD": OLD})


def digest(secret: str, message: bytes) -> bytes:
    return hmac.new(secret.encode(), message, hashlib.sha256).digest()


def b64(secret: str, message: bytes) -> str:
    return base64.b64encode(digest(secret, message)).decode()


@dataclass(frozen=True)
class Sent:
    """One kind of sender with an example of what it sends."""

    kind: str
    body: bytes
    sign: Sign
    header: str = ""
    """Which header holds the signature."""
    timed: bool = False
    coding: str = "base64"
    query: Callable[[str], str] = field(default=lambda _: "")

    def path(self, secret: str) -> str:
        return f"/v1/hooks/{self.kind}{self.query(secret)}"

    async def to(
        self,
        edge: Edge,
        *,
        secret: str = NEW,
        body: bytes | None = None,
        sent: bytes | None = None,
        at: datetime = NOW,
        change: Callable[[Headers], Headers] = list,
        message_id: str = "d1",
    ) -> Reply:
        """Send: `body` is signed, `sent` is what arrives in its place."""
        signed = self.body if body is None else body
        headers = change(self.sign(signed, secret, at, message_id))
        return await edge.request(
            "POST", self.path(secret), signed if sent is None else sent, headers
        )


def _shopify(body: bytes, secret: str, _: datetime, message_id: str) -> Headers:
    return [
        ("X-Shopify-Topic", "orders/create"),
        ("X-Shopify-Hmac-SHA256", b64(secret, body)),
        ("X-Shopify-Shop-Domain", "nordlicht.myshopify.com"),
        ("X-Shopify-Event-Id", message_id),
        ("X-Shopify-Webhook-Id", "b54557e4-bdd9-4b37-8a5f-bf7d70bcd043"),
    ]


def _woocommerce(body: bytes, secret: str, _: datetime, message_id: str) -> Headers:
    return [
        ("X-WC-Webhook-Topic", "order.created"),
        ("X-WC-Webhook-Signature", b64(secret, body)),
        ("X-WC-Webhook-Delivery-ID", message_id),
    ]


def _shopware(body: bytes, secret: str, _: datetime, message_id: str) -> Headers:
    return [
        ("shopware-shop-signature", digest(secret, body).hex()),
        ("X-Shopware-Event-Id", message_id),
    ]


def _hubspot(body: bytes, secret: str, at: datetime, _: str) -> Headers:
    stamp = str(int(at.timestamp() * 1000))
    message = b"POST" + f"{URL}/v1/hooks/hubspot".encode() + body + stamp.encode()
    return [
        ("X-HubSpot-Signature-v3", b64(secret, message)),
        ("X-HubSpot-Request-Timestamp", stamp),
    ]


def _stripe(body: bytes, secret: str, at: datetime, _: str) -> Headers:
    stamp = str(int(at.timestamp()))
    signature = digest(secret, f"{stamp}.".encode() + body).hex()
    return [("Stripe-Signature", f"t={stamp},v1={signature},v0={'0' * 64}")]


def _standard(body: bytes, secret: str, at: datetime, message_id: str) -> Headers:
    signature = Webhook(secret).sign(message_id, at, body.decode("latin-1"))
    return [
        ("webhook-id", message_id),
        ("webhook-timestamp", str(int(at.timestamp()))),
        ("webhook-signature", signature),
    ]


def _unsigned(*_: object) -> Headers:
    return [("Content-Type", "text/xml; charset=UTF-8"), ("SOAPAction", '""')]


def as_json(value: object) -> bytes:
    return json.dumps(value).encode()


SHOPIFY = Sent("shopify", as_json(payloads.SHOPIFY_ORDER), _shopify, "X-Shopify-Hmac-SHA256")
WOOCOMMERCE = Sent(
    "woocommerce", as_json(payloads.WOOCOMMERCE_ORDER), _woocommerce, "X-WC-Webhook-Signature"
)
SHOPWARE = Sent(
    "shopware",
    as_json(payloads.SHOPWARE_ORDER),
    _shopware,
    "shopware-shop-signature",
    coding="hex",
)
HUBSPOT = Sent(
    "hubspot", as_json(payloads.HUBSPOT_BATCH), _hubspot, "X-HubSpot-Signature-v3", timed=True
)
STRIPE = Sent(
    "stripe",
    as_json(payloads.STRIPE_SESSION),
    _stripe,
    "Stripe-Signature",
    timed=True,
    coding="hex",
)
STANDARD = Sent(
    "standard", as_json(payloads.STANDARD_ORDER), _standard, "webhook-signature", timed=True
)
SALESFORCE = Sent(
    "salesforce",
    payloads.salesforce("Lead", payloads.SALESFORCE_LEAD).encode(),
    _unsigned,
    query=lambda secret: f"?token={secret.replace('=', '%3D')}",
)
SIGNED: Sequence[Sent] = (SHOPIFY, WOOCOMMERCE, SHOPWARE, HUBSPOT, STRIPE, STANDARD)
ALL: Sequence[Sent] = (*SIGNED, SALESFORCE)


def topic(name: str, value: Mapping[str, Any] | str) -> Callable[[Headers], Headers]:
    """The request with another topic."""
    return lambda headers: [(k, str(value) if k == name else v) for k, v in headers]
