"""Shopware 6: app webhooks; the body names the event, the shop and the event's id."""

from __future__ import annotations

from collections.abc import Mapping

from ingest.domain.webhooks.mapping import (
    Field,
    Meaning,
    Said,
    Who,
    about,
    always,
    did,
    each,
    either,
    is_known,
    named,
    of_guest,
)
from ingest.domain.webhooks.signatures import of_body
from ingest.domain.webhooks.vendor import Vendor, member, one_object

_IN = "data.payload."
_LINES: Mapping[str, Field] = {
    "product_id": either("productId", "referencedId"),
    "sku": "payload.productNumber",
    "name": "label",
    "price": either("unitPrice", "price.unitPrice"),
    "quantity": "quantity",
}
_ORDER: Mapping[str, Field] = {
    "order_id": either(_IN + "order.orderNumber", _IN + "order.id"),
    "total": either(_IN + "order.amountTotal", _IN + "order.price.totalPrice"),
    "subtotal": _IN + "order.price.positionPrice",
    "shipping": _IN + "order.shippingTotal",
    "currency": _IN + "order.currency.isoCode",
    "status": _IN + "order.stateMachineState.technicalName",
    "products": each(_IN + "order.lineItems", _LINES),
}
_BUYER = Who(
    user=either(_IN + "order.orderCustomer.customerId", of_guest(_IN + "order.orderCustomer.email")),
    former=named("order", _IN + "order.id"),
)  # fmt: skip


def _order(event: str, at: Field) -> Meaning:
    return about(_BUYER, did(event, at, _ORDER), _person(_IN + "order.orderCustomer."))


def _person(path: str) -> Said:
    return is_known(
        "",
        {
            "email": path + "email",
            "firstName": path + "firstName",
            "lastName": path + "lastName",
        },
    )


def _newsletter(event: str, at: str) -> Meaning:
    """`newsletter.confirm` comes after the link in the mail was followed: a double opt-in."""
    recipient = _IN + "newsletterRecipient."
    return about(
        Who(user=of_guest(recipient + "email")),
        did(
            event,
            recipient + at,
            {
                "channel": always("email"),
                "purpose": always("marketing"),
                "basis": always("double_opt_in"),
            },
        ),
        _person(recipient),
    )


_CUSTOMER = about(Who(user=_IN + "customer.id"), _person(_IN + "customer."))
_WRITTEN: Mapping[str, Field] = {
    "product_id": _IN + "0.primaryKey",
    "name": _IN + "0.payload.name",
    "price": either(_IN + "0.payload.price.0.gross", _IN + "0.payload.price.gross"),
    "stock": _IN + "0.payload.stock",
}

SHOPWARE = Vendor(
    scheme=of_body("shopware-shop-signature", "hex"),
    # The id in the body is the one of the header X-Shopware-Event-Id, but signed.
    split=one_object(member("data.event"), member("data.event"), member("source.eventId")),
    topics={
        "checkout.order.placed": _order("Order Completed", _IN + "order.orderDateTime"),
        "state_enter.order.state.cancelled": _order("Order Cancelled", ""),
        "state_enter.order.state.completed": _order("Order Updated", ""),
        "state_enter.order_transaction.state.paid": _order("Order Updated", ""),
        "state_enter.order_transaction.state.refunded": _order("Order Refunded", ""),
        "state_enter.order_transaction.state.refunded_partially": _order("Order Refunded", ""),
        "checkout.customer.register": _CUSTOMER,
        "checkout.customer.login": _CUSTOMER,
        "newsletter.confirm": _newsletter("Consent Granted", "confirmedAt"),
        "newsletter.unsubscribe": _newsletter("Consent Withdrawn", "updatedAt"),
        "product.written": about(None, did("Product Updated", "", _WRITTEN)),
        "product.deleted": about(
            None, did("Product Deleted", "", {"product_id": _IN + "0.primaryKey"})
        ),
    },
    account="source.shopId",
)
