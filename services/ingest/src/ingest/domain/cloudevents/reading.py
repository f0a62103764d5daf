"""Reads a CloudEvent in the JSON format into a call: who did what, or who somebody is."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, cast

import msgspec

from common.contracts.ingestion import EventAccepted
from ingest.domain.catalog.naming import event_name, product_id_of
from ingest.domain.cloudevents.attributes import attributes_of
from ingest.domain.cloudevents.media import is_json
from ingest.domain.moments import misdated, occurred_at, parse_instant
from ingest.domain.packing import unpacked
from ingest.domain.segment.calls import Call, CallKind, group_of, known_as, object_of
from ingest.domain.vocabulary import canonical_name

CALLS: Mapping[str, CallKind] = {
    "identify": "identify",
    "alias": "alias",
    "group": "group",
    "page": "page",
    "screen": "screen",
}
"""Types that say more than that something was done; as with all types, a domain before and a version behind do not matter."""

_VERSION = re.compile(r"\.v\d{1,4}\Z")
_DOMAIN = re.compile(r"[a-z][a-z0-9-]*\.[a-z0-9][a-z0-9-]*\.")
_ONE_WORD = re.compile(r"[A-Za-z][a-z]*")
_MEMBERS_OF_TRAITS = frozenset({"identify", "group"})


def read(payload: EventAccepted) -> Call:
    """Read the body of an accepted event.

    Raises:
        PermanentError: `undecodable`, `nul_character`, or why it is no CloudEvent for us; the edge lets none of these pass,
            but a foreign producer may write the record itself.
    """
    event = object_of(payload.body)
    attributes = attributes_of(event)
    kind, name = kind_and_name(attributes.type)
    data = data_of(event)
    if product_id_of(name, data) is None:
        attributes.check_identity()
    else:
        attributes = replace(attributes, user=None, visitor=None)  # of nobody, whoever is named
    user, visitor = known_as("user", attributes.user), known_as("anonymous", attributes.visitor)
    # As with Segment: nobody says whether the former id was a visitor's or a user's.
    before = data.get("previousId") if kind == "alias" else None
    former = known_as("user", before) if user is not None else None
    timestamp = parse_instant(event.get("time"))
    return Call(
        kind=kind,
        user=user,
        anonymous=visitor if before is None else known_as("anonymous", before),
        former=None if former == user else former,
        message_id=payload.message_id or attributes.message_id,
        event=name,
        occurred_at=occurred_at(payload.received_at, timestamp=timestamp, sent_at=None),
        received_at=payload.received_at,
        stated_at=misdated(payload.received_at, timestamp=timestamp, sent_at=None),
        properties={} if kind in _MEMBERS_OF_TRAITS else data,
        traits=data if kind in _MEMBERS_OF_TRAITS else {},
        context={},
        group=group_of(data) if kind == "group" else None,
    )


def kind_and_name(type_: str) -> tuple[CallKind, str]:
    """What an event of this type is, and what its activity is called.

    A type may be a name of the vocabulary or a call, in front of it a domain of two labels, behind it a version:
    `com.example.order.completed.v1`. Only the whole rest counts, so that a `saved.product_added` fills no cart, and it must
    be more than one word, so that a `billing.invoice.refund` refunds no order. Any other type is the name of a custom
    activity as it stands.
    """
    bare = _VERSION.sub("", type_)
    rest = _DOMAIN.sub("", bare, count=1)
    call = CALLS.get(bare) or CALLS.get(rest)
    if call is not None:
        return call, ""
    within = None if _ONE_WORD.fullmatch(rest) else canonical_name(rest)
    told = event_name(bare.replace(".", " ")) or event_name(rest.replace(".", " "))
    return "track", told or canonical_name(bare) or within or type_


def data_of(event: Mapping[str, Any]) -> Mapping[str, Any]:
    """The data where they are a JSON object; nothing can be read out of others."""
    content_type = event.get("datacontenttype")
    packed = event.get("data_base64")
    if packed is None:
        data = event.get("data") if is_json(content_type or "application/json") else None
    else:
        data = _parsed(unpacked(packed) or b"") if is_json(content_type or "") else None
    return cast("Mapping[str, Any]", data) if isinstance(data, dict) else {}


def _parsed(data: bytes) -> object:
    try:
        return msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
