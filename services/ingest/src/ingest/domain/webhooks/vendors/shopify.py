"""Shopify: the topic and the event's id are headers, the body is the object as the Admin REST API shows it."""

from __future__ import annotations

from collections.abc import Mapping

from ingest.domain.webhooks.mapping import (
    Field,
    Said,
    Who,
    about,
    always,
    chosen,
    did,
    each,
    either,
    is_known,
    named,
    of_guest,
    stands,
    total,
)
from ingest.domain.webhooks.signatures import of_body
from ingest.domain.webhooks.vendor import Vendor, header, one_object

_LINES: Mapping[str, Field] = {
    "product_id": "product_id",
    "sku": "sku",
    "name": either("title", "name"),
    "variant": "variant_title",
    "brand": "vendor",
    "price": "price",
    "quantity": "quantity",
}
_ORDER: Mapping[str, Field] = {
    "order_id": "id",
    "cart_id": "cart_token",
    "checkout_id": "checkout_token",
    "total": "total_price",
    "subtotal": "subtotal_price",
    "tax": "total_tax",
    "shipping": "total_shipping_price_set.shop_money.amount",
    "discount": "total_discounts",
    "currency": "currency",
    "coupon": "discount_codes.0.code",
    "status": "financial_status",
    "reason": "cancel_reason",
    "products": each("line_items", _LINES),
}
_CART: Mapping[str, Field] = {
    "cart_id": either("cart_token", "token"),
    "checkout_id": "token",
    "value": "total_price",
    "currency": either("currency", "presentment_currency"),
    "url": "abandoned_checkout_url",
    "products": each("line_items", _LINES),
}
_BUYER = Who(
    user=either("customer.id", of_guest("email")),
    anonymous=named("cart", "cart_token"),
    former=named("order", "id"),
)
_VISITOR = Who(user=either("customer.id", of_guest("email")), anonymous=named("cart", "cart_token"))
# `pending` waits for the confirmation of a double opt-in; `not_subscribed` was never asked.
_YES_OR_NO = {"subscribed": True, "unsubscribed": False, "redacted": False}
_TURNS = {"subscribed": "Consent Granted", "unsubscribed": "Consent Withdrawn"}
_LEVELS = {"confirmed_opt_in": "double_opt_in", "single_opt_in": "consent"}


def _person(prefix: str = "") -> tuple[Said, ...]:
    """The customer, as a body of its own or within an order."""
    return (
        is_known(
            either(f"{prefix}updated_at", "updated_at"),
            {
                "email": either(f"{prefix}email", "email"),
                "phone": either(f"{prefix}phone", "phone"),
                "firstName": f"{prefix}first_name",
                "lastName": f"{prefix}last_name",
                "country": f"{prefix}default_address.country_code",
                "locale": either("customer_locale", f"{prefix}locale"),
            },
        ),
        *(
            stands(
                f"{prefix}{channel}_marketing_consent.consent_updated_at",
                **{
                    f"{channel}_marketing": chosen(
                        f"{prefix}{channel}_marketing_consent.state", _YES_OR_NO
                    )
                },
            )
            for channel in ("email", "sms")
        ),
    )


def _consent(channel: str) -> Said:
    """Said by the topics whose only matter it is, so with its basis."""
    state = f"{channel}_marketing_consent"
    return did(
        chosen(f"{state}.state", _TURNS, "Consent Updated"),
        f"{state}.consent_updated_at",
        {
            "channel": always(channel),
            "purpose": always("marketing"),
            "basis": chosen(f"{state}.opt_in_level", _LEVELS),
        },
    )


_ADDRESS = is_known("updated_at", {"email": "email_address", "phone": "phone"})
_PRODUCT: Mapping[str, Field] = {
    "product_id": "id",
    "name": "title",
    "brand": "vendor",
    "category": "product_type",
    "sku": "variants.0.sku",
    "price": "variants.0.price",
    "stock": total("variants", "inventory_quantity"),
    "status": "status",
    "image_url": either("image.src", "images.0.src"),
}

SHOPIFY = Vendor(
    scheme=of_body("x-shopify-hmac-sha256", "base64"),
    # One action of a merchant may cause several topics, which then share the event's id.
    split=one_object(
        header("x-shopify-topic"),
        header("x-shopify-topic"),
        header("x-shopify-event-id", "x-shopify-webhook-id"),
    ),
    topics={
        "orders/create": about(_BUYER, did("Order Completed", "created_at", _ORDER), *_person("customer.")),
        "orders/updated": about(_BUYER, did("Order Updated", "updated_at", _ORDER), *_person("customer.")),
        "orders/cancelled": about(_BUYER, did("Order Cancelled", "cancelled_at", _ORDER)),
        "refunds/create": about(
            Who(former=named("order", "order_id")),
            did(
                "Order Refunded",
                "created_at",
                {
                    "order_id": "order_id",
                    "refund_id": "id",
                    "total": total("transactions", "amount"),
                    "currency": "transactions.0.currency",
                    "reason": "note",
                },
            ),
        ),
        "carts/create": about(Who(anonymous=named("cart", "token")), did("Cart Viewed", "updated_at", _CART)),
        "carts/update": about(Who(anonymous=named("cart", "token")), did("Cart Viewed", "updated_at", _CART)),
        "checkouts/create": about(_VISITOR, did("Checkout Started", "created_at", _CART), *_person("customer.")),
        "checkouts/update": about(_VISITOR, did("Cart Viewed", "updated_at", _CART), *_person("customer.")),
        "customers/create": about(Who(user="id"), *_person()),
        "customers/update": about(Who(user="id"), *_person()),
        "customers_email_marketing_consent/update": about(
            Who(user="customer_id"), _consent("email"), _ADDRESS
        ),
        "customers_marketing_consent/update": about(Who(user="id"), _consent("sms"), _ADDRESS),
        "products/create": about(None, did("Product Updated", "updated_at", _PRODUCT)),
        "products/update": about(None, did("Product Updated", "updated_at", _PRODUCT)),
        "products/delete": about(None, did("Product Deleted", "updated_at", {"product_id": "id"})),
    },
)  # fmt: skip
