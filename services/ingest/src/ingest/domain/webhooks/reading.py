"""Reads one event of a vendor into the calls that it amounts to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from common.contracts.ingestion import EventAccepted
from common.errors import PermanentError
from ingest.domain.catalog.naming import product_id_of
from ingest.domain.collecting.body import UnparsableError
from ingest.domain.identifiers import Identifier, IdentifierKind, identifier, text_of
from ingest.domain.moments import occurred_at, parse_instant
from ingest.domain.segment.calls import Call
from ingest.domain.webhooks.mapping import Field, Meaning, Said, Values, Who, fill, look
from ingest.domain.webhooks.vendor import Vendor
from ingest.domain.webhooks.vendors import VENDORS

PROTOCOL = "webhook"
_SHARED = "+shared"


@dataclass(frozen=True, slots=True)
class Heading:
    """What a record's `call` says of a webhook: `shopify/orders/create`, or `shopify+shared/orders/create`."""

    kind: str
    topic: str
    shared: bool = False
    """The vendor's ids of people are the workspace's user ids."""

    def __str__(self) -> str:  # type: ignore[explicit-override] # the word for it comes with Python 3.12
        return f"{self.kind}{_SHARED if self.shared else ''}/{self.topic}"

    @classmethod
    def parse(cls, text: str) -> Heading:
        kind, _, topic = text.partition("/")
        return cls(kind.removesuffix(_SHARED), topic, kind.endswith(_SHARED))


def read(payload: EventAccepted, vendors: Mapping[str, Vendor] = VENDORS) -> tuple[Call, ...]:
    """What an accepted event of a vendor amounts to; of nobody where it is about a product.

    Raises:
        PermanentError: `undecodable`, `unknown_topic`, `no_identity`, `no_product` or `no_event_name`.
    """
    heading = Heading.parse(payload.call)
    vendor = vendors.get(heading.kind)
    meaning = None if vendor is None else vendor.meaning(heading.topic)
    if vendor is None or meaning is None:
        detail = "no vendor is called so" if vendor is None else heading.kind
        raise PermanentError("unknown_topic", detail)
    values = _values(vendor, payload.body)
    ids = _identifiers(meaning.who, values, "" if heading.shared else f"{payload.source}:")
    calls = tuple(_calls(meaning, values, ids, payload))
    if meaning.who is None and not any(product_id_of(c.event, c.properties) for c in calls):
        raise PermanentError(
            "no_product", "the payload names no product by an id of 1 to 200 characters"
        )
    if not calls:
        # It says nothing of the person but the ids; those link.
        calls = (_call(Said("identify", {}), values, ids, payload, {}),)
    return calls


def _values(vendor: Vendor, body: msgspec.Raw) -> Values:
    try:
        values = vendor.values(msgspec.json.decode(body))
    except (msgspec.DecodeError, RecursionError, ValueError, UnparsableError) as error:
        raise PermanentError("undecodable", type(error).__name__) from error
    if not values:
        raise PermanentError("undecodable", "the body is no object, or an empty one")
    return values


@dataclass(frozen=True, slots=True)
class _Ids:
    user: Identifier | None = None
    anonymous: Identifier | None = None
    former: Identifier | None = None


def _identifiers(who: Who | None, values: Values, prefix: str) -> _Ids:
    if who is None:
        return _Ids()
    user = _identifier("user", look(values, who.user), prefix)
    things = [
        _identifier("anonymous", look(values, field), prefix)
        for field in (who.anonymous, who.former)
    ]
    if user is None:
        # Without a person, a thing stands for one until somebody claims it.
        anonymous = next((thing for thing in things if thing is not None), None)
        if anonymous is None:
            raise PermanentError("no_identity", "the payload names nobody")
        return _Ids(anonymous=anonymous)
    return _Ids(user, *things)


def _identifier(kind: IdentifierKind, value: object, prefix: str) -> Identifier | None:
    text = text_of(value)
    if text is None or text == "0":  # shops count customers from 1 and call nobody 0
        return None
    if "\0" in text:
        raise PermanentError("nul_character", f"the {kind} id holds the character U+0000")
    return identifier(kind, prefix + text)


def _calls(meaning: Meaning, values: Values, ids: _Ids, payload: EventAccepted) -> Iterator[Call]:
    for said in meaning.said:
        fields = fill(values, said.fields)
        if said.kind == "track" or any(fields.values()):
            yield _call(said, values, ids, payload, fields)


def _call(
    said: Said, values: Values, ids: _Ids, payload: EventAccepted, fields: Mapping[str, Any]
) -> Call:
    track = said.kind == "track"
    event = _text(values, said.event) if track else ""
    if track and not event:
        raise PermanentError("no_event_name", "the payload does not say what happened")
    return Call(
        kind=said.kind,
        user=ids.user,
        anonymous=ids.anonymous,
        former=ids.former,
        message_id=payload.message_id,
        event=event,
        occurred_at=_at(values, said.at, payload.received_at),
        received_at=payload.received_at,
        properties=fields if track else {},
        traits={} if track else fields,
        context={},
    )


def _text(values: Values, field: Field) -> str:
    return text_of(look(values, field)) or ""


def _at(values: Values, field: Field, received_at: datetime) -> datetime:
    return occurred_at(received_at, timestamp=parse_instant(look(values, field)), sent_at=None)
