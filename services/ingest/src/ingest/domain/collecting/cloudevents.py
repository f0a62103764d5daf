"""CloudEvents at the edge: a request's events in the JSON format, and whether each can be taken."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from common.errors import PermanentError
from ingest.domain.catalog.availability import available
from ingest.domain.catalog.naming import PREFIX, event_name, product_id_of
from ingest.domain.cloudevents import Attributes, attributes_of, binary_event
from ingest.domain.cloudevents.attributes import message_id_of
from ingest.domain.cloudevents.headers import FlawedHeaderError, Header, has_attributes, holds_json
from ingest.domain.cloudevents.reading import data_of, kind_and_name
from ingest.domain.collecting.body import Bundle, UnparsableError, decoded_text
from ingest.domain.collecting.judging import (
    DEEPEST,
    LARGEST,
    Message,
    Rejected,
    decoded,
    guarded,
)
from ingest.domain.collecting.splitting import depth_of, has_no_number, has_nul, items_of, split
from ingest.domain.tracking import Guard, name_in_plan


class _AnyObject(msgspec.Struct):
    pass


_object_decoder = msgspec.json.Decoder(_AnyObject)
_list_decoder = msgspec.json.Decoder(list[msgspec.Raw])


def read_structured(body: bytes) -> Bundle:
    """The one event of a structured request.

    Raises:
        UnparsableError: it is no JSON object.
    """
    body = decoded_text(body).strip()
    try:
        _object_decoder.decode(body)
    except (msgspec.DecodeError, RecursionError) as error:
        if split(body) is None:
            raise UnparsableError("the body is not a JSON object") from error
    return Bundle([body])


def read_events(body: bytes) -> Bundle:
    """The events of a batch; what is wrong with one of them never costs the others.

    Raises:
        UnparsableError: it is no JSON array.
    """
    body = decoded_text(body).strip()
    try:
        items = [bytes(item) for item in _list_decoder.decode(body)]
    except (msgspec.DecodeError, RecursionError) as error:
        taken_apart = items_of(body)
        if taken_apart is None:
            raise UnparsableError("the body is not a JSON array") from error
        items = taken_apart
    return Bundle(items)


def read_binary(headers: Sequence[Header], body: bytes) -> Bundle:
    """The one event of a binary request, in the JSON format.

    Raises:
        UnparsableError: no header speaks of an event, one cannot be read, or the data are not the JSON that they are said
            to be.
    """
    if not has_attributes(headers):
        raise UnparsableError("no ce- headers, and the content type is not application/cloudevents")
    content_type = next((v.decode("latin-1") for n, v in headers if n == b"content-type"), "")
    if body and holds_json(content_type, body):
        body = decoded_text(body)
        _check_json(body)
    try:
        return Bundle([binary_event(headers, body)])
    except FlawedHeaderError as error:
        raise UnparsableError(str(error)) from error


def judge_event(raw: bytes, index: int, guard: Guard | None = None) -> Message | Rejected:
    """Check one event.

    Raises:
        UnparsableError: it is no JSON, and none of the reasons says so.
    """
    try:
        value = decoded(raw, LARGEST)
    except PermanentError as error:
        return Rejected(raw, index, _name(raw), error.reason, error.detail)
    except UnparsableError as error:
        raise UnparsableError(f"event {index} is not JSON") from error
    if not isinstance(value, dict):
        return Rejected(raw, index, None, "invalid_attribute", "the event is no object")
    try:
        found = attributes_of(value)
        kind, name = kind_and_name(found.type)
        taken = _identified(raw, found, name, value)
    except PermanentError as error:
        return Rejected(raw, index, _name_of(value), error.reason, error.detail)
    if guard is None:
        return taken
    return guarded(taken, index, guard, name_in_plan(kind, name), data_of(value))


def _identified(raw: bytes, found: Attributes, name: str, value: Mapping[str, Any]) -> Message:
    data = {} if event_name(name) is None else data_of(value)
    product = product_id_of(name, data)
    if product is None:
        found.check_identity()
        return Message(raw=raw, call="", message_id=found.message_id, identity=found.identity)
    available(data)  # as resolve will read it
    return Message(
        raw=raw,
        call="",
        message_id=found.message_id,
        identity=PREFIX + product,
        of_product=True,
    )


def _check_json(body: bytes) -> None:
    """What is put into an event unread must be one JSON value, or be rejected when the event is judged."""
    try:
        msgspec.json.decode(body)
    except msgspec.ValidationError:
        return
    except (msgspec.DecodeError, RecursionError) as error:
        told = len(body) > LARGEST or depth_of(body) > DEEPEST
        if not (told or has_nul(body) or has_no_number(body)):
            raise UnparsableError("the data are not JSON, as the content type says") from error


def _name(raw: bytes) -> str | None:
    """Looked for in the outermost object alone: the data may have ids of their own."""
    parts = split(raw)
    if parts is None:
        return None
    members = {key.decode("utf-8", "replace"): text for key, text in parts.members.items()}
    return _name_of({key: _value(members.get(key, b"")) for key in ("source", "id")})


def _name_of(event: dict[str, Any]) -> str | None:
    source, id_ = event.get("source"), event.get("id")
    if isinstance(source, str) and isinstance(id_, str) and source and id_:
        return message_id_of(source, id_)
    return None


def _value(raw: bytes) -> object:
    try:
        return msgspec.json.decode(raw)
    except (msgspec.DecodeError, RecursionError):
        return None
