"""HubSpot: batches of up to a hundred changes, each of one property of one object."""

from __future__ import annotations

from typing import Any

from ingest.domain.identifiers import text_of
from ingest.domain.webhooks.mapping import (
    Field,
    Meaning,
    Values,
    Who,
    about,
    always,
    chosen,
    did,
    is_known,
    look,
    named,
    stands,
)
from ingest.domain.webhooks.signatures import Request, of_request
from ingest.domain.webhooks.vendor import Vendor, list_of_objects, member

_AT, _ID, _VALUE = "occurredAt", "objectId", "propertyValue"
_OBJECTS = {
    "0-1": "contact",
    "0-3": "deal",
    "0-5": "ticket",
    "0-7": "product",
    "0-48": "call",
    "0-53": "invoice",
}
"""Subscriptions of the newer kind name the object by its type's id."""


def _topic(_: Request, value: Any) -> str | None:
    """`contact.propertyChange` alone says little: the property belongs to the topic."""
    values: Values = value if isinstance(value, dict) else {}
    kind = text_of(values.get("subscriptionType")) or ""
    if kind.startswith("object."):
        number = values.get("objectTypeId") or values.get("fromObjectTypeId")
        named_by = _OBJECTS.get(str(number), "object")
        kind = named_by + kind.removeprefix("object")
    about_what = text_of(values.get("propertyName")) or text_of(values.get("associationType"))
    return f"{kind}/{about_what}" if about_what else kind


_CONTACT = Who(user=_ID)


def _trait(name: str) -> Meaning:
    return about(_CONTACT, is_known(_AT, {name: _VALUE}))


def _thing(kind: str) -> Who:
    """What has no person until an association says whose it is."""
    return Who(anonymous=named(kind, _ID))


def _deal(event: Any, **fields: Field) -> Meaning:
    return about(_thing("deal"), did(event, _AT, {"deal_id": _ID, **fields}))


def _call(event: str, **fields: Field) -> Meaning:
    return about(_thing("call"), did(event, _AT, {"call_id": _ID, **fields}))


def _ticket(event: str, **fields: Field) -> Meaning:
    return about(_thing("ticket"), did(event, _AT, {"case_id": _ID, **fields}))


def _invoice(event: str, **fields: Field) -> Meaning:
    return about(_thing("invoice"), did(event, _AT, {"invoice_id": _ID, **fields}))


def _product(**fields: Field) -> Meaning:
    return about(None, did("Product Updated", _AT, {"product_id": _ID, **fields}))


def _linked(kind: str, contact: str, thing: str) -> Meaning:
    """Whose a deal, a call or a ticket is."""

    def still(values: Values) -> object:
        return None if look(values, "associationRemoved") is True else look(values, contact)

    return about(Who(user=still, anonymous=named(kind, thing)), is_known(_AT, {}))


_FROM, _TO = "fromObjectId", "toObjectId"
_ASSOCIATIONS = {
    f"{one}.associationChange/{first}_TO_{second}": _linked(
        kind, *((_FROM, _TO) if one == "contact" else (_TO, _FROM))
    )
    for kind in ("deal", "ticket", "call", "invoice")
    for one, first, second in (
        ("contact", "CONTACT", kind.upper()),
        (kind, kind.upper(), "CONTACT"),
    )
}
_STAGES = {"closedwon": "Deal Won", "closedlost": "Deal Lost"}


def _no(values: Values) -> bool | None:
    """Opted out is a withdrawal; not opted out is no consent."""
    return False if str(look(values, _VALUE)).lower() == "true" else None


_WITHDRAWN: Field = always(value=False)

HUBSPOT = Vendor(
    scheme=of_request("x-hubspot-signature-v3", "x-hubspot-request-timestamp"),
    # HubSpot does not promise that eventId is unique; the same change of the same subscription is.
    split=list_of_objects(_topic, member("eventId"), member("subscriptionId"), member(_AT)),
    topics={
        "contact.creation": about(_CONTACT, is_known(_AT, {})),
        "contact.propertyChange/email": _trait("email"),
        "contact.propertyChange/phone": _trait("phone"),
        "contact.propertyChange/mobilephone": _trait("phone"),
        "contact.propertyChange/firstname": _trait("firstName"),
        "contact.propertyChange/lastname": _trait("lastName"),
        "contact.propertyChange/hs_language": _trait("locale"),
        "contact.propertyChange/hs_country_region_code": _trait("country"),
        "contact.propertyChange/lifecyclestage": about(
            _CONTACT, did("Lifecycle Stage Changed", _AT, {"stage": _VALUE})
        ),
        "contact.propertyChange/hs_email_optout": about(
            _CONTACT, stands(_AT, email_marketing=_no)
        ),
        "contact.privacyDeletion": about(
            _CONTACT,
            stands(
                _AT,
                email_marketing=_WITHDRAWN,
                sms_marketing=_WITHDRAWN,
                phone_marketing=_WITHDRAWN,
                ads_marketing=_WITHDRAWN,
            ),
        ),
        "deal.creation": _deal("Deal Created"),
        "deal.propertyChange/dealstage": _deal(
            chosen(_VALUE, _STAGES, "Deal Updated"), stage=_VALUE
        ),
        "deal.propertyChange/amount": _deal("Deal Updated", value=_VALUE),
        "ticket.creation": _ticket("Support Case Opened"),
        "ticket.propertyChange/hs_pipeline_stage": _ticket("Support Case Updated", stage=_VALUE),
        "call.creation": _call("Support Call Logged"),
        "call.propertyChange/hs_call_disposition": _call("Support Call Updated", status=_VALUE),
        "call.propertyChange/hs_call_status": _call("Support Call Updated", status=_VALUE),
        "invoice.creation": _invoice("Invoice Booked"),
        "invoice.propertyChange/hs_invoice_status": _invoice("Invoice Updated", status=_VALUE),
        "product.creation": _product(),
        "product.propertyChange/name": _product(name=_VALUE),
        "product.propertyChange/price": _product(price=_VALUE),
        "product.propertyChange/hs_sku": _product(sku=_VALUE),
        "product.deletion": about(None, did("Product Deleted", _AT, {"product_id": _ID})),
        **_ASSOCIATIONS,
    },
    account="portalId",
)  # fmt: skip
