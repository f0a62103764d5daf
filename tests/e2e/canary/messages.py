"""One message of every kind, with personal data in each of its fields."""

from __future__ import annotations

from typing import Any

from ingest.domain.segment.properties import ALLOWED
from tests.e2e.canary.planting import Canaries

Message = dict[str, Any]
CATALOG = "canary-1"
"""A product that is one; an id that is an address makes an event no product's."""
_NUMBERS = frozenset({"_number", "_flag"})
_FIXED = {"channel": "email", "purpose": "marketing", "basis": "double_opt_in", "currency": "EUR"}
_NESTED = ("products", "filters", "sorts", "interests")


def properties(c: Canaries, where: str) -> Message:
    """Every property that may travel, holding addresses; others that may not, holding names; names that are canaries."""
    texts = {
        name: c.text(f"{where}.{name}") if form.__name__ == "_text" else c.email(f"{where}.{name}")
        for name, form in ALLOWED.items()
        if form.__name__ not in _NUMBERS and name not in {*_FIXED, *_NESTED}
    }
    return {
        **texts,
        "products": [
            {**_product(c, f"{where}.products"), "more": c.name(f"{where}.products.more")}
        ],
        "filters": [{"type": c.text(f"{where}.filters"), "value": c.ip6(f"{where}.filters")}],
        "interests": [c.text(f"{where}.interests")],
        "price": 12.5,
        "quantity": 1,
        "currency": "EUR",
        "customer_name": c.name(f"{where}.customer_name"),
        "total": c.email(f"{where}.total"),
        "nested": {"email": c.email(f"{where}.nested"), "list": [c.name(f"{where}.nested.list")]},
        c.name(f"{where} (a name of a property)"): 1,
        c.email(f"{where} (a name of a property)"): c.name(f"{where} (under that name)"),
    }


def _product(c: Canaries, where: str) -> Message:
    names = (
        "product_id",
        "sku",
        "name",
        "category",
        "brand",
        "variant",
        "coupon",
        "url",
        "image_url",
    )
    return {name: c.email(f"{where}.{name}") for name in names}


def context(c: Canaries, where: str) -> Message:
    """As the libraries write it, and more."""
    page = {
        name: f"/{c.email(f'{where}.page.{name}')}"
        for name in ("path", "url", "referrer", "search", "title")
    }
    campaign = {
        n: c.email(f"{where}.campaign.{n}")
        for n in ("id", "name", "source", "medium", "term", "content")
    }
    return {
        "ip": c.ip(f"{where}.ip"),
        "userAgent": f"Mozilla/5.0 ({c.name(f'{where}.userAgent')})",
        "userAgentData": {"platform": c.name(f"{where}.userAgentData")},
        "locale": "de-DE",
        "timezone": "Europe/Berlin",
        "page": page,
        "campaign": campaign,
        "device": {n: c.name(f"{where}.device.{n}") for n in ("id", "advertisingId", "name", "model", "token", "type")},
        "network": {"carrier": c.name(f"{where}.network")},
        "app": {"name": c.name(f"{where}.app")},
        "os": {"name": c.name(f"{where}.os")},
        "library": {"name": c.name(f"{where}.library")},
        "location": {"city": c.name(f"{where}.location.city"), "latitude": c.name(f"{where}.location.latitude")},
        "referrer": {"url": c.email(f"{where}.referrer")},
        "traits": {"email": c.email(f"{where}.traits.email"), "name": c.name(f"{where}.traits.name")},
        "externalIds": [
            {"id": c.name(f"{where}.externalIds"), "type": "loyalty_card", "collection": "users", "encoding": "none"},
            {"id": c.email(f"{where}.externalIds.email"), "type": "email"},
            {"id": c.name(f"{where}.externalIds.other"), "type": c.name(f"{where}.externalIds.type")},
        ],
        "groupId": c.name(f"{where}.groupId"),
        "consent": {"categoryPreferences": {c.name(f"{where}.consent"): True}},
        c.name(f"{where} (a name)"): c.name(f"{where} (under that name)"),
    }  # fmt: skip


def traits(c: Canaries, where: str) -> Message:
    names = (
        "username",
        "company",
        "title",
        "gender",
        "description",
        "avatar",
        "website",
        "plan",
        "id",
    )
    return {
        "email": c.email(f"{where}.email"),
        "phone": c.phone(f"{where}.phone"),
        "firstName": c.name(f"{where}.firstName"),
        "lastName": c.name(f"{where}.lastName"),
        "name": c.name(f"{where}.name"),
        "birthday": "1980-05-17",
        "locale": "de",
        "address": {n: c.name(f"{where}.address.{n}") for n in ("street", "city", "postalCode", "state", "country")},
        "consents": {"email.marketing": True, c.name(f"{where}.consents"): True},
        **{name: c.name(f"{where}.{name}") for name in names},
        c.name(f"{where} (a name)"): c.name(f"{where} (under that name)"),
    }  # fmt: skip


def common(c: Canaries, kind: str) -> Message:
    """What every call has."""
    return {
        "type": kind,
        "userId": c.email(f"{kind}.userId"),
        "anonymousId": c.name(f"{kind}.anonymousId"),
        "messageId": c.email(f"{kind}.messageId"),
        "timestamp": "2026-03-01T11:59:30Z",
        "context": context(c, f"{kind}.context"),
        "integrations": {c.name(f"{kind}.integrations"): True},
        "name": c.text(f"{kind}.name"),
        "category": c.email(f"{kind}.category"),
        "more": c.name(f"{kind}.more"),
    }


def calls(c: Canaries) -> list[Message]:
    """Each of Segment's calls, a known event and an unknown one, a product, each step of a consent."""
    said = {"channel": "email", "purpose": "marketing", "basis": "double_opt_in"}
    steps = ("Consent Requested", "Consent Confirmed", "Consent Granted", "Consent Withdrawn")
    return [
        {**common(c, "track"), "event": "Order Completed", "properties": properties(c, "track.properties")},
        {**common(c, "track"), "event": f"Sold to {c.text('track.event')}", "properties": properties(c, "custom")},
        {**common(c, "track"), "event": "Product Updated", "properties": properties(c, "product")},
        {**common(c, "track"), "event": "Product Updated", "properties": {**properties(c, "product"), "product_id": CATALOG}},
        {**common(c, "identify"), "traits": traits(c, "identify.traits")},
        {**common(c, "page"), "properties": properties(c, "page.properties")},
        {**common(c, "screen"), "properties": properties(c, "screen.properties")},
        {**common(c, "group"), "groupId": c.email("group.groupId"), "traits": _company(c)},
        {**common(c, "alias"), "previousId": c.name("alias.previousId")},
        *({**common(c, "track"), "event": step, "properties": {**properties(c, step), **said, **_proof(c, step)}}
          for step in steps),
    ]  # fmt: skip


def _company(c: Canaries) -> Message:
    representative = {
        "name": c.name("group.representative.name"),
        "email": c.email("group.representative.email"),
        "phone": c.phone("group.representative.phone"),
    }
    return {
        **traits(c, "group.traits"),
        "industry": c.name("group.industry"),
        "owner": representative,
    }


def _proof(c: Canaries, where: str) -> Message:
    return {
        "ip": c.ip(f"{where}.ip"),
        "text_version": c.email(f"{where}.text_version"),
        "source": c.name(f"{where}.source"),
        "requested_at": "2026-03-01T11:58:30Z",
        "confirmed_at": "2026-03-01T11:59:30Z",
        "proof": {"url": c.email(f"{where}.proof")},
    }


def unfit(c: Canaries) -> list[Message]:
    """What is set aside, at the edge or by resolve."""
    deep: Any = c.name("too deep")
    for _ in range(40):
        deep = {c.name("too deep (a name)"): deep}
    nobody = dict.fromkeys(("userId", "anonymousId"))
    planned = {"event": "Canary Planned", "properties": {
        "size": c.name("a violated enum"), "age": c.name("a violated type"), "code": c.name("a violated pattern"),
        c.name("an additional property"): c.name("additional")}}  # fmt: skip
    return [
        {**common(c, "track"), **nobody, "event": "Order Completed"},
        {**common(c, "track"), "event": c.name("too large"), "big": c.name("big") * 5_000},
        {**common(c, "track"), "event": c.name("too deep event"), "properties": {"deep": deep}},
        {**common(c, "track"), "event": c.name("nul") + "\0"},
        {**common(c, "track"), "event": c.name("not a number"), "properties": {"price": float("nan")}},
        {**common(c, "track"), "event": ""},
        {**common(c, "track"), "event": {c.name("event is an object"): c.email("event is an object")}},
        {**common(c, "track"), "type": c.name("an unknown call")},
        {**common(c, "track"), "type": c.text("an unknown call with addresses")},
        {**common(c, "track"), **planned},
        *({**common(c, "track"), "event": "Canary Planned", "properties": {name: c.email(f"plan.{name}")}}
          for name in ("size", "age", "code", "mail", "at", "list", "any")),
    ]  # fmt: skip
