"""Decides of each message whether it can be taken, and if not, why."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Literal

import msgspec

from ingest.domain.collecting.body import UnparsableError
from ingest.domain.collecting.splitting import depth_of, has_no_number, has_nul
from ingest.domain.identifiers import text_of

Reason = Literal[
    "event_too_large",
    "not_json_number",
    "nul_character",
    "no_identity",
    "too_deep",
    "unknown_specversion",
    "invalid_attribute",
    "invalid_data",
]
"""The last three: of CloudEvents alone; a vendor's event also may be `unknown_topic` or `undecodable`."""

LARGEST = 32 * 1024
"""Bytes a message may have."""
DEEPEST = 32
"""How deep its objects and arrays may nest; the message itself is the first level."""

_MESSAGE_ID = re.compile(rb'"messageId"\s*:\s*"([^"\\\x00-\x1f]{1,200})"')
_decode = msgspec.json.Decoder().decode


class Message(msgspec.Struct, frozen=True):
    """A message that can be taken."""

    raw: bytes
    call: str
    """`track`, `identify`, …; what the body says where the address does not."""
    message_id: str | None
    """None: the client gave none."""
    identity: str
    """The user id, else the anonymous id."""
    sent_at: object = None
    """As the message itself says it; most clients say it once per batch."""

    def __repr__(self) -> str:  # type: ignore[explicit-override] # the word for it comes with Python 3.12
        """What it holds is personal data, and no log's business."""
        return f"Message({self.call})"


@dataclass(frozen=True, slots=True)
class Rejected:
    """A message that is set aside."""

    raw: bytes = field(repr=False)
    index: int
    message_id: str | None
    reason: str
    detail: str


class UnfitError(Exception):
    """A JSON text that cannot be taken."""

    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail


def judge(raw: bytes, index: int, call: str | None) -> Message | Rejected:
    """Check one message; `call` is given where the address names it.

    Raises:
        UnparsableError: it is no JSON, and none of the reasons says so.
    """
    try:
        return _identified(raw, index, call, decoded(raw, LARGEST))
    except UnfitError as unfit:
        return _rejected(raw, index, unfit.reason, unfit.detail)
    except UnparsableError as error:
        raise UnparsableError(f"message {index} is not JSON") from error


def decoded(raw: bytes, largest: int) -> object:
    """The text's value, if all who come after us can hold it.

    Raises:
        UnfitError: they cannot.
        UnparsableError: it is no JSON, and none of the reasons says so.
    """
    if len(raw) > largest:
        raise UnfitError("event_too_large", f"{len(raw)} bytes, {largest} are allowed")
    if raw.count(b"{") + raw.count(b"[") > DEEPEST and depth_of(raw) > DEEPEST:
        raise UnfitError("too_deep", f"nests deeper than {DEEPEST} levels")
    try:
        value = _decode(raw)
    except msgspec.ValidationError as error:
        raise UnfitError("not_json_number", "a number is too large to be one") from error
    except msgspec.DecodeError as error:
        raise _undecodable(raw) from error
    if b"\\u0000" in raw and has_nul(raw):
        raise UnfitError("nul_character", "a text holds the character U+0000")
    return value


def _identified(raw: bytes, index: int, call: str | None, value: object) -> Message | Rejected:
    if not isinstance(value, dict):
        return _rejected(raw, index, "no_identity", "the message is no object")
    identity = text_of(value.get("userId")) or text_of(value.get("anonymousId"))
    if identity is None:
        return _rejected(raw, index, "no_identity", "neither userId nor anonymousId is given")
    return Message(
        raw=raw,
        call=call or text_of(value.get("type")) or "",
        message_id=text_of(value.get("messageId")),
        identity=identity,
        sent_at=value.get("sentAt"),
    )


def _undecodable(raw: bytes) -> UnfitError | UnparsableError:
    if has_nul(raw):
        return UnfitError("nul_character", "a text holds the character U+0000")
    if has_no_number(raw):
        return UnfitError("not_json_number", "NaN and Infinity are not JSON")
    return UnparsableError("it is not JSON")


def _rejected(raw: bytes, index: int, reason: Reason, detail: str) -> Rejected:
    # Looked for in the text, because the message may be no JSON or too large to decode for nothing.
    found = _MESSAGE_ID.search(raw)
    return Rejected(raw, index, found[1].decode() if found else None, reason, detail)
