"""WooCommerce: the topic is a header, the body is the object as the REST API (v3) shows it."""

from __future__ import annotations

import re
from collections.abc import Mapping

from ingest.domain.webhooks.mapping import (
    Field,
    Values,
    Who,
    about,
    did,
    each,
    either,
    is_known,
    look,
    named,
    of_guest,
)
from ingest.domain.webhooks.signatures import Request, of_body
from ingest.domain.webhooks.vendor import Vendor, fingerprint, header, one_object

_LINES: Mapping[str, Field] = {
    "product_id": "product_id",
    "sku": "sku",
    "name": "name",
    "price": "price",
    "quantity": "quantity",
}
_ORDER: Mapping[str, Field] = {
    "order_id": "id",
    "cart_id": "cart_hash",
    "total": "total",
    "tax": "total_tax",
    "shipping": "shipping_total",
    "discount": "discount_total",
    "currency": "currency",
    "coupon": "coupon_lines.0.code",
    "payment_method": "payment_method_title",
    "status": "status",
    "products": each("line_items", _LINES),
}


def _progress(values: Values) -> str:
    """An order is updated at each step; its status says which."""
    status = look(values, "status")
    if status == "refunded":
        return "Order Refunded"
    return "Order Cancelled" if status in ("cancelled", "failed") else "Order Updated"


def _buyer(values: Values) -> object:
    """Customers are numbered from 1; 0 is a guest."""
    number = look(values, "customer_id")
    return number if number not in (0, "0", None) else look(values, of_guest("billing.email"))


def _account(values: Values) -> object:
    """Only what the account itself says outweighs what was typed into an order."""
    return look(values, either("date_modified_gmt", "date_created_gmt"))


_WHO = Who(user=_buyer, former=named("order", "id"))
_BILLED = is_known(
    "date_created_gmt",
    {
        "email": "billing.email",
        "phone": "billing.phone",
        "firstName": "billing.first_name",
        "lastName": "billing.last_name",
        "country": "billing.country",
    },
)
_CUSTOMER = about(
    Who(user="id"),
    is_known(
        _account,
        {
            "email": "email",
            "phone": "billing.phone",
            "firstName": either("first_name", "billing.first_name"),
            "lastName": either("last_name", "billing.last_name"),
            "country": "billing.country",
        },
    ),
)
_PRODUCT = about(
    None,
    did(
        "Product Updated",
        "date_modified_gmt",
        {
            "product_id": "id",
            "sku": "sku",
            "name": "name",
            "category": "categories.0.name",
            "price": "price",
            "stock": "stock_quantity",
            "status": "stock_status",
            "url": "permalink",
            "image_url": "images.0.src",
        },
    ),
)
_PING = re.compile(rb"webhook_id=[0-9]{1,20}")


def _ping(request: Request) -> bool:
    """Sent unsigned when the webhook is saved; the shop wants 200, or it does not enable it."""
    return _PING.fullmatch(request.body.strip()) is not None


WOOCOMMERCE = Vendor(
    scheme=of_body("x-wc-webhook-signature", "base64"),
    # The request's id is made of the second and the webhook's number: two orders in one second share it.
    split=one_object(header("x-wc-webhook-topic"), header("x-wc-webhook-delivery-id"), fingerprint),
    topics={
        "order.created": about(_WHO, did("Order Completed", "date_created_gmt", _ORDER), _BILLED),
        "order.updated": about(_WHO, did(_progress, "date_modified_gmt", _ORDER), _BILLED),
        "order.deleted": about(
            Who(former=named("order", "id")), did("Order Cancelled", "", {"order_id": "id"})
        ),
        "customer.created": _CUSTOMER,
        "customer.updated": _CUSTOMER,
        "product.created": _PRODUCT,
        "product.updated": _PRODUCT,
        "product.deleted": about(None, did("Product Deleted", "", {"product_id": "id"})),
    },
    greeting=_ping,
)
