"""Salesforce: outbound messages, SOAP without a signature, up to a hundred notifications in one."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any
from xml.etree.ElementTree import ParseError

import msgspec
from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

from ingest.domain.collecting import UnparsableError
from ingest.domain.webhooks.mapping import (
    Field,
    Meaning,
    Said,
    Values,
    Who,
    about,
    chosen,
    did,
    either,
    is_known,
    look,
    named,
    stands,
)
from ingest.domain.webhooks.signatures import Request, TokenScheme
from ingest.domain.webhooks.vendor import Item, Vendor

_OPENING = r"<(?:[\w.-]{1,40}:)?Notification(?=[\s>])"
_BEGUN = re.compile(_OPENING)
_NOTIFICATION = re.compile(
    _OPENING + r"[^>]{0,1000}>.*?</(?:[\w.-]{1,40}:)?Notification\s*>", re.DOTALL
)
_ACK = (
    b'<?xml version="1.0" encoding="UTF-8"?>'
    b'<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"><soapenv:Body>'
    b'<notificationsResponse xmlns="http://soap.sforce.com/2005/09/outbound"><Ack>true</Ack></notificationsResponse>'
    b"</soapenv:Body></soapenv:Envelope>"
)


def _parsed(text: str) -> Any:
    """The envelope; entities and document types are refused, as they are only good for attacks."""
    try:
        return fromstring(text, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError) as error:
        raise UnparsableError("the body is no XML that is taken") from error


def _split(request: Request) -> Sequence[Item]:
    """Each notification in the envelope that it came in, letter by letter: what stands before and after is kept."""
    try:
        text = request.body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UnparsableError("the body is not UTF-8") from error
    expected = sum(_name(element.tag) == "Notification" for element in _parsed(text).iter())
    # Counted first: in a comment they might be opened and never closed, and each would be looked for to the end.
    if not expected or len(_BEGUN.findall(text)) != expected:
        raise UnparsableError("the body holds no notifications")
    found = list(_NOTIFICATION.finditer(text))
    if len(found) != expected:
        raise UnparsableError("a notification holds another")
    head, tail = text[: found[0].start()], text[found[-1].end() :]
    return [_item(head + match[0] + tail) for match in found]


def _item(text: str) -> Item:
    values = _values(text)
    topic = str(look(values, "type") or "")
    return Item(msgspec.json.encode(text), topic[:100], str(look(values, "Id") or "")[:200])


def _values(body: object) -> Values:
    """The fields of the object, with its `type`, the notification's `Id` and the `OrganizationId`."""
    found: dict[str, Any] = {}
    if not isinstance(body, str):
        return found
    for element in _parsed(body).iter():
        name = _name(element.tag)
        if name == "sObject":
            kind = next((v for k, v in element.attrib.items() if _name(k) == "type"), "")
            found["type"] = kind.rpartition(":")[2]
            found["sObject"] = {_name(child.tag): child.text for child in element}
        elif name in ("Id", "OrganizationId"):
            found.setdefault(name, element.text)
    return found


def _name(tag: object) -> str:
    return str(tag).rpartition("}")[2]


_IN = "sObject."
_CHANGED: Field = either(_IN + "SystemModstamp", _IN + "LastModifiedDate", _IN + "CreatedDate")


def _person() -> tuple[Said, ...]:
    return (
        is_known(
            _CHANGED,
            {
                "email": either(_IN + "Email", _IN + "PersonEmail"),
                "phone": either(_IN + "MobilePhone", _IN + "Phone"),
                "firstName": _IN + "FirstName",
                "lastName": _IN + "LastName",
                "country": either(_IN + "CountryCode", _IN + "MailingCountryCode"),
            },
        ),
        # Not opted out is no consent; opted out is a withdrawal.
        stands(
            _CHANGED,
            email_marketing=chosen(_IN + "HasOptedOutOfEmail", {"true": False}),
            phone_marketing=chosen(_IN + "DoNotCall", {"true": False}),
        ),
    )


def _of_person(kind: str, *said: Said, user: Field = _IN + "ContactId") -> Meaning:
    return about(Who(user=user, anonymous=named(kind, _IN + "Id")), *said)


def _outcome(values: Values) -> str:
    if look(values, _IN + "IsWon") == "true":
        return "Deal Won"
    return "Deal Lost" if look(values, _IN + "IsClosed") == "true" else "Deal Updated"


_DEAL: Mapping[str, Field] = {
    "deal_id": _IN + "Id",
    "stage": _IN + "StageName",
    "value": _IN + "Amount",
    "currency": _IN + "CurrencyIsoCode",
}
_CASE: Mapping[str, Field] = {
    "case_id": _IN + "Id",
    "status": _IN + "Status",
    "reason": _IN + "Reason",
    "category": _IN + "Type",
}
_CALL: Mapping[str, Field] = {
    "call_id": _IN + "Id",
    "status": either(_IN + "CallDisposition", _IN + "Status"),
    "category": either(_IN + "CallType", _IN + "TaskSubtype"),
}
_PRODUCT: Mapping[str, Field] = {
    "product_id": either(_IN + "Product2Id", _IN + "Id"),
    "name": _IN + "Name",
    "sku": _IN + "ProductCode",
    "category": _IN + "Family",
    "price": _IN + "UnitPrice",
    "currency": _IN + "CurrencyIsoCode",
    "stock": _IN + "QuantityOnHand",
}
_ORDER: Mapping[str, Field] = {
    "order_id": either(_IN + "OrderNumber", _IN + "Id"),
    "total": _IN + "TotalAmount",
    "currency": _IN + "CurrencyIsoCode",
    "status": _IN + "Status",
}

SALESFORCE = Vendor(
    scheme=TokenScheme(),
    split=_split,
    topics={
        "Lead": about(Who(user=either(_IN + "ConvertedContactId", _IN + "Id"), anonymous=named("lead", _IN + "Id")), *_person()),
        "Contact": about(Who(user=_IN + "Id"), *_person()),
        "Account": about(Who(user=either(_IN + "PersonContactId", _IN + "Id")), *_person()),
        "Opportunity": _of_person("deal", did(_outcome, _CHANGED, _DEAL)),
        "Case": _of_person("case", did("Support Case Updated", _CHANGED, _CASE)),
        "Task": _of_person("call", did("Support Call Logged", _CHANGED, _CALL), user=_IN + "WhoId"),
        "Order": _of_person("order", did("Order Updated", _CHANGED, _ORDER), user=_IN + "BillToContactId"),
        "Product2": about(None, did("Product Updated", _CHANGED, _PRODUCT)),
        "PricebookEntry": about(None, did("Product Updated", _CHANGED, _PRODUCT)),
    },
    values=_values,
    account="OrganizationId",
    thanks=_ACK,
    thanks_type="text/xml; charset=utf-8",
)  # fmt: skip
