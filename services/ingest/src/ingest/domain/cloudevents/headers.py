"""The HTTP binding: which of the three modes a request has, and what the headers of the binary mode say."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable
from typing import Literal
from urllib.parse import unquote_to_bytes

import msgspec

from ingest.domain.cloudevents.media import essence_of, is_json

Mode = Literal["structured", "batch", "binary"]
Header = tuple[bytes, bytes]

_PREFIX = b"ce-"
_FORMAT = "application/cloudevents"
_JSON = {"", "+json"}
_RESERVED = frozenset({"data", "data_base64"})
_QUOTED = re.compile(rb'"((?:[^"\\]|\\.)*)"', re.DOTALL)
_ESCAPED = re.compile(rb"\\(.)", re.DOTALL)
_encode = msgspec.json.Encoder().encode


class FlawedHeaderError(Exception):
    """A header cannot be read; the text says which and why."""


def mode_of(content_type: str) -> Mode | None:
    """The mode; None for a format that is not JSON."""
    essence = essence_of(content_type)
    if not essence.startswith(_FORMAT):
        return "binary"
    rest = essence.removeprefix(_FORMAT)
    if rest.startswith("-batch"):
        return "batch" if rest.removeprefix("-batch") in _JSON else None
    return "structured" if rest in _JSON else None


def binary_event(headers: Iterable[Header], body: bytes) -> bytes:
    """A binary event in the JSON format, so that one form is stored; JSON data stay as they are, byte by byte.

    `body` is put in unread where the content type says JSON: whoever calls has made sure that it is.

    Raises:
        FlawedHeaderError: a header is there twice, is not UTF-8, or has the name of the data.
    """
    attributes: dict[str, str] = {}
    content_type: str | None = None
    for name, value in headers:
        if name == b"content-type":
            # The first one counts, as for whoever asked before whether the data are JSON.
            content_type = value.decode("latin-1") if content_type is None else content_type
        elif name.startswith(_PREFIX):
            _put(attributes, name[len(_PREFIX) :].decode("latin-1"), value)
    # What old SDKs write beside it: the content type alone counts.
    attributes.pop("datacontenttype", None)
    if content_type:
        attributes["datacontenttype"] = content_type
    members = [b"%s:%s" % (_encode(name), _encode(text)) for name, text in attributes.items()]
    return b"{" + b",".join([*members, *_data(content_type, body)]) + b"}"


def has_attributes(headers: Iterable[Header]) -> bool:
    """Whether any header speaks of a CloudEvent."""
    return any(name.startswith(_PREFIX) for name, _ in headers)


def holds_json(content_type: str, body: bytes) -> bool:
    """Whether the data are to be read as JSON; without a content type, when they can be."""
    if essence_of(content_type):
        return is_json(content_type)
    try:
        msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return False
    return True


def _put(attributes: dict[str, str], name: str, value: bytes) -> None:
    if name in attributes:
        raise FlawedHeaderError(f"ce-{name[:40]} is there twice")
    if name in _RESERVED:
        raise FlawedHeaderError(f"ce-{name} is no attribute")
    try:
        attributes[name] = _decoded(value)
    except UnicodeDecodeError as error:
        raise FlawedHeaderError(f"ce-{name[:40]} is not UTF-8") from error


def _decoded(value: bytes) -> str:
    """First out of its quotes, then once percent-decoded; bytes beyond ASCII are taken as UTF-8.

    A `%` that begins no escape stays: some SDKs encode nothing, and `100%` means what it says.
    """
    stripped = value.strip()
    quoted = _QUOTED.fullmatch(stripped)
    if quoted is not None:
        stripped = _ESCAPED.sub(rb"\1", quoted[1])
    return unquote_to_bytes(stripped).decode()


def _data(content_type: str | None, body: bytes) -> list[bytes]:
    if not body:
        return []
    if holds_json(content_type or "", body):
        return [b'"data":' + body]
    try:
        text = body.decode()
    except UnicodeDecodeError:
        text = "\0"
    if "\0" in text:
        return [b'"data_base64":' + _encode(base64.b64encode(body).decode())]
    return [b'"data":' + _encode(text)]
