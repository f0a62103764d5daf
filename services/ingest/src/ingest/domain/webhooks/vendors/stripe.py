"""Stripe: the event wraps the object as the API shows it; amounts are in the currency's smallest unit."""

from __future__ import annotations

from collections.abc import Mapping

from ingest.domain.webhooks.mapping import (
    Field,
    Meaning,
    Said,
    Who,
    about,
    chosen,
    did,
    each,
    either,
    is_known,
    of_guest,
    of_minor,
    stands,
)
from ingest.domain.webhooks.signatures import of_time_and_body
from ingest.domain.webhooks.vendor import Vendor, member, one_object

_IN = "data.object."
_AT = "created"
_CURRENCY: Field = _IN + "currency"
_WHO = Who(
    user=either(
        _IN + "customer.id",
        _IN + "customer",
        of_guest(_IN + "customer_details.email"),
        of_guest(_IN + "customer_email"),
        of_guest(_IN + "billing_details.email"),
    )
)
_NAMES: Mapping[str, Field] = {
    "email": either(_IN + "customer_details.email", _IN + "customer_email", _IN + "billing_details.email"),
    "name": either(_IN + "customer_details.name", _IN + "customer_name", _IN + "billing_details.name"),
    "phone": either(_IN + "customer_details.phone", _IN + "customer_phone"),
    "country": either(_IN + "customer_details.address.country", _IN + "customer_address.country"),
}  # fmt: skip
_SESSION: Mapping[str, Field] = {
    "order_id": either(_IN + "client_reference_id", _IN + "id"),
    "checkout_id": _IN + "id",
    "total": of_minor(_IN + "amount_total", _CURRENCY),
    "subtotal": of_minor(_IN + "amount_subtotal", _CURRENCY),
    "tax": of_minor(_IN + "total_details.amount_tax", _CURRENCY),
    "shipping": of_minor(_IN + "total_details.amount_shipping", _CURRENCY),
    "discount": of_minor(_IN + "total_details.amount_discount", _CURRENCY),
    "currency": _CURRENCY,
    "status": _IN + "payment_status",
}
_INVOICE: Mapping[str, Field] = {
    "invoice_id": either(_IN + "number", _IN + "id"),
    "total": of_minor(_IN + "total", _CURRENCY),
    "tax": of_minor(_IN + "tax", _CURRENCY),
    "currency": _CURRENCY,
    "status": _IN + "status",
    "products": each(
        _IN + "lines.data",
        {
            "product_id": either("price.product", "pricing.price_details.product"),
            "name": "description",
            "quantity": "quantity",
        },
    ),
}
_REFUND: Mapping[str, Field] = {
    "order_id": either(_IN + "metadata.order_id", _IN + "payment_intent", _IN + "id"),
    "refund_id": _IN + "refunds.data.0.id",
    "total": of_minor(_IN + "amount_refunded", _CURRENCY),
    "currency": _CURRENCY,
    "invoice_id": _IN + "invoice",
}
_SUBSCRIPTION: Mapping[str, Field] = {
    "product_id": either(_IN + "plan.product", _IN + "items.data.0.price.product"),
    "price": of_minor(_IN + "items.data.0.price.unit_amount", _CURRENCY),
    "currency": _CURRENCY,
    "status": _IN + "status",
    "reason": _IN + "cancellation_details.reason",
}
_PRODUCT: Mapping[str, Field] = {
    "product_id": _IN + "id",
    "name": _IN + "name",
    "url": _IN + "url",
    "image_url": _IN + "images.0",
}
_PRICE: Mapping[str, Field] = {
    "product_id": _IN + "product",
    "price": of_minor(_IN + "unit_amount", _CURRENCY),
    "currency": _CURRENCY,
}
_PERSON = about(
    Who(user=_IN + "id"),
    is_known(
        _AT,
        {
            "email": _IN + "email",
            "name": _IN + "name",
            "phone": _IN + "phone",
            "country": _IN + "address.country",
            "locale": _IN + "preferred_locales.0",
        },
    ),
)


def _did(event: str, fields: Mapping[str, Field], *more: Said) -> Meaning:
    return about(_WHO, did(event, _AT, fields), is_known(_AT, _NAMES), *more)


STRIPE = Vendor(
    scheme=of_time_and_body("stripe-signature"),
    split=one_object(member("type"), member("id")),
    topics={
        "checkout.session.completed": _did(
            "Order Completed",
            _SESSION,
            # Asked for in the checkout, so dated with it. What was not ticked is no withdrawal.
            stands(_AT, email_marketing=chosen(_IN + "consent.promotions", {"opt_in": True})),
        ),
        "checkout.session.expired": _did("Checkout Expired", _SESSION),
        "charge.refunded": _did("Order Refunded", _REFUND),
        "invoice.finalized": _did("Invoice Booked", _INVOICE),
        "invoice.paid": _did("Invoice Paid", _INVOICE),
        "invoice.payment_failed": _did("Invoice Payment Failed", _INVOICE),
        "customer.created": _PERSON,
        "customer.updated": _PERSON,
        "customer.subscription.created": _did("Subscription Started", _SUBSCRIPTION),
        "customer.subscription.deleted": _did("Subscription Ended", _SUBSCRIPTION),
        "product.created": about(None, did("Product Updated", _AT, _PRODUCT)),
        "product.updated": about(None, did("Product Updated", _AT, _PRODUCT)),
        "product.deleted": about(None, did("Product Deleted", _AT, _PRODUCT)),
        "price.created": about(None, did("Product Updated", _AT, _PRICE)),
        "price.updated": about(None, did("Product Updated", _AT, _PRICE)),
    },
    account="account",
)
