"""Reads a message's body into a call with known parts; what is odd but harmless is left out."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal, cast, get_args

import msgspec

from common.contracts.ingestion import EventAccepted
from common.errors import PermanentError
from ingest.domain.catalog.naming import product_id_of
from ingest.domain.identifiers import Identifier, IdentifierKind, identifier
from ingest.domain.moments import misdated, occurred_at, parse_instant

IMPORTED = "import"
"""The protocol of what a source did not send when it happened, but later and all at once."""
CallKind = Literal["track", "identify", "page", "screen", "group", "alias"]
_KINDS = frozenset(get_args(CallKind))
_decode = msgspec.json.Decoder().decode


class Call(msgspec.Struct, frozen=True):
    """What one message says."""

    kind: CallKind
    user: Identifier | None
    anonymous: Identifier | None
    former: Identifier | None
    """alias: the id under which the person went before, if that was a user's; nobody says whether it was."""
    message_id: str
    event: str
    """track: the event's name as it was sent."""
    occurred_at: datetime
    received_at: datetime
    properties: Mapping[str, Any]
    traits: Mapping[str, Any]
    context: Mapping[str, Any]
    stated_at: datetime | None = None
    """The client's time stamp where it cannot be."""
    group: str | None = None
    """group: the id of the company, as it was sent."""

    @property
    def identifiers(self) -> tuple[Identifier, ...]:
        """User before anonymous: the first one names a new profile."""
        named = (self.user, self.anonymous, self.former)
        return tuple(found for found in named if found is not None)


def read(payload: EventAccepted) -> Call:
    """Read the body of an accepted event.

    Raises:
        PermanentError: `undecodable`, `unknown_call`, `no_identity` or `nul_character`; the edge lets none of the last two
            pass, but a foreign producer may write the record itself.
    """
    body = object_of(payload.body)
    kind = payload.call or _text(body.get("type")) or ""
    if kind not in _KINDS:
        raise PermanentError("unknown_call", f"known are {', '.join(sorted(_KINDS))}")
    about_product = kind == "track" and product_id_of(body.get("event"), body.get("properties"))
    user = None if about_product else known_as("user", body.get("userId"))
    # An alias names the id under which the person went before, a visitor's or a user's.
    before = body.get("previousId") if kind == "alias" else None
    visitor = None if about_product else body.get("anonymousId")
    anonymous = known_as("anonymous", before if kind == "alias" else visitor)
    former = known_as("user", before) if user is not None else None
    if user is None and anonymous is None and not about_product:
        raise PermanentError("no_identity", "neither userId nor anonymousId is given")
    (timestamp, sent_at), received_at = _clock(payload, body), payload.received_at
    return Call(
        kind=cast("CallKind", kind),
        user=user,
        anonymous=anonymous,
        former=None if former == user else former,
        message_id=payload.message_id or _text(body.get("messageId")) or "",
        event=_text(body.get("event")) or "",
        occurred_at=occurred_at(received_at, timestamp=timestamp, sent_at=sent_at),
        received_at=received_at,
        stated_at=misdated(received_at, timestamp=timestamp, sent_at=sent_at),
        properties=properties_of(body),
        traits=_traits(kind, body),
        context=_mapping(body.get("context")),
        group=group_of(body) if kind == "group" else None,
    )


def _clock(
    payload: EventAccepted, body: Mapping[str, Any]
) -> tuple[datetime | None, datetime | None]:
    """When it was done and when it was sent, by the client's clock.

    What is imported was sent to somebody else, long ago: how late it was says nothing of any clock, and where both time
    stamps are there, `timestamp` is the one that was corrected by whoever received it.
    """
    if payload.protocol == IMPORTED:
        return parse_instant(body.get("timestamp") or body.get("originalTimestamp")), None
    stamp = body.get("originalTimestamp") or body.get("timestamp")
    return parse_instant(stamp), _sent_at(payload, body)


def _sent_at(payload: EventAccepted, body: Mapping[str, Any]) -> datetime | None:
    """Of the batch, which is the later of the two when a client writes both."""
    if payload.sent_at is not None and payload.sent_at.tzinfo is not None:
        return payload.sent_at
    return parse_instant(body.get("sentAt"))


def properties_of(body: Mapping[str, Any]) -> Mapping[str, Any]:
    """What a message says; pages and screens carry their name and category beside the properties."""
    properties = _mapping(body.get("properties"))
    beside = {name: body[name] for name in ("name", "category") if name in body}
    return {**beside, **properties} if beside else properties


def _traits(kind: str, body: Mapping[str, Any]) -> Mapping[str, Any]:
    """What a message says of somebody; RudderStack's libraries have it in the context."""
    traits = _mapping(body.get("traits"))
    if kind != "identify":
        return traits  # there the context repeats what was said before
    return {**_mapping(_mapping(body.get("context")).get("traits")), **traits}


def object_of(raw: msgspec.Raw) -> Mapping[str, Any]:
    """A record's body, which is an object whatever the protocol.

    Raises:
        PermanentError: `undecodable`.
    """
    try:
        body = _decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise PermanentError("undecodable", type(error).__name__) from error
    if not isinstance(body, dict):
        raise PermanentError("undecodable", "the body is no object")
    return body


def known_as(kind: IdentifierKind, value: object) -> Identifier | None:
    """An id of a person; None where none is given.

    Raises:
        PermanentError: `nul_character`.
    """
    text = _text(value)
    if text is None:
        return None
    if "\0" in text:
        raise PermanentError("nul_character", f"the {kind} id holds the character U+0000")
    return identifier(kind, text)


def group_of(body: Mapping[str, Any]) -> str | None:
    """The id of a company; one with U+0000 is as if not given, for the person is known without it."""
    text = _text(body.get("groupId"))
    return None if text is None or "\0" in text else text


def _text(value: object) -> str | None:
    if isinstance(value, str):
        return value or None
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    return None


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
