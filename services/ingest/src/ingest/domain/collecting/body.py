"""Reads a request's body into the messages it holds, each still verbatim."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

import msgspec

from ingest.domain.collecting.splitting import Parts, repaired, split
from ingest.domain.moments import parse_instant

_BOM = b"\xef\xbb\xbf"
_NOTHING = msgspec.Raw(b"null")


class UnparsableError(Exception):
    """The body as a whole cannot be understood; the text says why."""


@dataclass(frozen=True, slots=True)
class Bundle:
    """The messages of one request."""

    messages: list[bytes] = field(repr=False)
    """Each as it was received, without the white space around it."""
    write_key: str | None = None
    sent_at: datetime | None = None


class _Batch(msgspec.Struct, frozen=True):
    batch: list[msgspec.Raw]
    writeKey: msgspec.Raw = _NOTHING  # noqa: N815 - the name on the wire
    sentAt: msgspec.Raw = _NOTHING  # noqa: N815 - the name on the wire


class _Call(msgspec.Struct, frozen=True):
    writeKey: msgspec.Raw = _NOTHING  # noqa: N815 - the name on the wire


_batch_decoder = msgspec.json.Decoder(_Batch)
_call_decoder = msgspec.json.Decoder(_Call)


def read_batch(body: bytes) -> Bundle:
    """The messages of a `{"batch": […]}`.

    What is wrong with one message is left to `judge`, even where it makes the whole no JSON (NaN, a hundred
    thousand brackets): the messages beside it are kept.

    Raises:
        UnparsableError: there is no such array in it.
    """
    body = decoded_text(body)
    try:
        batch = _batch_decoder.decode(body)
    except (msgspec.DecodeError, RecursionError):
        return _taken_apart(body)
    return Bundle(
        [bytes(item) for item in batch.batch],
        _write_key(batch.writeKey),
        parse_instant(_value(batch.sentAt)),
    )


def read_call(body: bytes) -> Bundle:
    """The one message of a single call; the key may be among its members.

    Raises:
        UnparsableError: it is no JSON object.
    """
    body = decoded_text(body).strip()
    try:
        key = _call_decoder.decode(body).writeKey
    except (msgspec.DecodeError, RecursionError):
        parts = _parts(body)
        return Bundle([body], _write_key(parts.members.get(b"writeKey", _NOTHING)))
    return Bundle([body], _write_key(key))


def decoded_text(body: bytes) -> bytes:
    """The body without a byte order mark and without halves of surrogate pairs.

    Raises:
        UnparsableError: it is not UTF-8.
    """
    body = repaired(body.removeprefix(_BOM))
    try:
        body.decode()
    except UnicodeDecodeError as error:
        raise UnparsableError("the body is not UTF-8") from error
    return body


def _taken_apart(body: bytes) -> Bundle:
    parts = _parts(body)
    if parts.items is None:
        raise UnparsableError("the body has no array `batch`")
    return Bundle(
        parts.items,
        _write_key(parts.members.get(b"writeKey", _NOTHING)),
        parse_instant(_value(parts.members.get(b"sentAt", _NOTHING))),
    )


def _parts(body: bytes) -> Parts:
    parts = split(body)
    if parts is None:
        raise UnparsableError("the body is not a JSON object")
    return parts


def _write_key(raw: bytes | msgspec.Raw) -> str | None:
    value = _value(raw)
    return value if isinstance(value, str) and value else None


def _value(raw: bytes | msgspec.Raw) -> object:
    try:
        return msgspec.json.decode(raw)
    except (msgspec.DecodeError, RecursionError):
        return None
