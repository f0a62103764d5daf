"""The words that conditions may use about activities: the vocabulary's properties, and a tracking plan's."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from common.conditions import (
    BOOL,
    DYN,
    NUMBER,
    STRING,
    TIMESTAMP,
    Field,
    ListOf,
    MapOf,
    ObjectOf,
    Type,
)

Schema = Mapping[str, Any]
PERSONAL = "x-personal"
"""In a tracking plan's schema: true for a property that stays in ingest."""
_SCHEMA_TYPES: Mapping[str, Type] = {
    "string": STRING,
    "number": NUMBER,
    "integer": NUMBER,
    "boolean": BOOL,
    "array": ListOf(STRING),
}


def _optional(type_: Type, names: str) -> dict[str, Field]:
    return {name: Field(type_, nullable=True) for name in names.split()}


_PRODUCT = {
    **_optional(STRING, "product_id sku name category brand variant currency coupon url image_url"),
    **_optional(NUMBER, "price quantity discount position value stock"),
}
_CHOICE = ObjectOf("choice", _optional(STRING, "type value"), of_map=True)
PROPERTIES: Mapping[str, Field] = {
    **_PRODUCT,
    **_optional(ListOf(ObjectOf("product", _PRODUCT, of_map=True)), "products"),
    **_optional(ListOf(_CHOICE), "filters sorts"),
    **_optional(STRING, "list_id query promotion_id creative"),
    **_optional(STRING, "cart_id checkout_id shipping_method payment_method order_id affiliation"),
    **_optional(NUMBER, "step total subtotal revenue shipping tax"),
    **_optional(STRING, "coupon_id coupon_name reason wishlist_id wishlist_name share_via"),
    **_optional(STRING, "review_id path title document_id survey_id webinar_id campaign_id"),
    **_optional(STRING, "case_id invoice_id deal_id stage call_id refund_id sentiment status"),
    **_optional(STRING, "event_id starts_at ends_at location"),
    **_optional(STRING, "channel purpose basis text_version"),
    **_optional(NUMBER, "rating score points"),
    **_optional(ListOf(STRING), "interests"),
    **_optional(BOOL, "repeat"),
}
"""The vocabulary of `docs/vocabulary.md`; a source may leave any of them away."""
CONTEXT = ObjectOf(
    "context",
    {
        "page_path": Field(STRING, nullable=True, says="the page's path"),
        "campaign": Field(MapOf(STRING), nullable=True, says="`utm_…` without the prefix"),
        "locale": Field(STRING, nullable=True, says="such as `de-DE`"),
        "device_class": Field(STRING, nullable=True),
    },
)


def activity(properties: Mapping[str, Field] = PROPERTIES, *, is_open: bool = False) -> ObjectOf:
    """What is known of an activity with these properties, and others where it is open."""
    return ObjectOf(
        "event",
        {
            "name": Field(STRING, says="such as `Product Added`"),
            "source": Field(STRING, says="which source told"),
            "message_id": Field(STRING),
            "occurred_at": Field(TIMESTAMP, says="when the person did it"),
            "received_at": Field(TIMESTAMP, says="when we heard of it"),
            "properties": Field(ObjectOf("properties", properties, of_map=True, is_open=is_open)),
            "context": Field(CONTEXT),
        },
    )


ACTIVITY = activity()


def planned_properties(schemas: Iterable[Schema]) -> Mapping[str, Field]:
    """The vocabulary, and what a tracking plan says of the events in question.

    What each of the schemas requires needs no `has(…)`; what is personal stays in ingest.
    """
    each = [(schema.get("properties", {}), set(schema.get("required", ()))) for schema in schemas]
    found = dict(PROPERTIES)
    for described, _ in each:
        for name, schema in described.items():
            if name not in found and schema is not False and not _is_personal(schema):
                found[name] = Field(_type_of(schema), nullable=True)
    certain = set.intersection(*(required for _, required in each)) if each else set()
    return {
        name: Field(field.type, nullable=True, promised=name in certain)
        for name, field in found.items()
    }


def _is_personal(schema: object) -> bool:
    return isinstance(schema, Mapping) and bool(schema.get(PERSONAL))


def _type_of(schema: object) -> Type:
    kind = schema.get("type") if isinstance(schema, Mapping) else None
    return _SCHEMA_TYPES.get(kind, DYN) if isinstance(kind, str) else DYN
