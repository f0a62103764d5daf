"""Any sender that keeps to Standard Webhooks 1.0: `{"type", "timestamp", "data"}`, the id in a header."""

from __future__ import annotations

import re

from ingest.domain.identifiers import text_of
from ingest.domain.segment.scrubbing import scrub
from ingest.domain.webhooks.mapping import Values, Who, about, did, either, is_known, look, of_guest
from ingest.domain.webhooks.signatures import of_id_time_and_body
from ingest.domain.webhooks.vendor import Vendor, header, member, one_object

_BREAKS = re.compile(r"[._/\-\s]+")


def _event(values: Values) -> str | None:
    """`order.completed` is our Order Completed; what we have no word for is a custom activity."""
    # Before it is taken apart: an address without its dots would not be known for one.
    words = _BREAKS.split(scrub((text_of(look(values, "type")) or "")[:200]))
    return " ".join(word[:1].upper() + word[1:] for word in words if word) or None


_PROPERTIES = (
    "order_id", "cart_id", "checkout_id", "product_id", "sku", "name", "price", "quantity", "currency", "total",
    "subtotal", "revenue", "tax", "shipping", "discount", "coupon", "value", "products", "url", "image_url", "stock",
    "deal_id", "stage", "invoice_id", "case_id", "call_id", "refund_id", "document_id", "survey_id", "webinar_id",
    "rating", "score", "sentiment", "status", "reason", "channel", "purpose", "basis", "text_version",
)  # fmt: skip
_OURS = ("userId", "user_id", "customerId", "customer_id", "contactId", "contact_id")

STANDARD = Vendor(
    scheme=of_id_time_and_body(),
    split=one_object(member("type"), header("webhook-id")),
    topics={},
    otherwise=about(
        Who(
            user=either(*(f"data.{name}" for name in _OURS), of_guest("data.email")),
            anonymous=either("data.anonymousId", "data.anonymous_id"),
        ),
        did(_event, "timestamp", {name: f"data.{name}" for name in _PROPERTIES}),
        is_known(
            "timestamp",
            {
                "email": "data.email",
                "phone": "data.phone",
                "firstName": either("data.firstName", "data.first_name"),
                "lastName": either("data.lastName", "data.last_name"),
                "country": "data.country",
                "locale": "data.locale",
            },
        ),
    ),
)
