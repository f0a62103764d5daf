"""Decides of each message whether it can be taken, and if not, why."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import msgspec

from common.errors import PermanentError
from ingest.domain.catalog.availability import available
from ingest.domain.catalog.naming import PREFIX, product_id_of
from ingest.domain.collecting.body import UnparsableError
from ingest.domain.collecting.splitting import depth_of, has_no_number, has_nul
from ingest.domain.identifiers import text_of
from ingest.domain.segment.calls import properties_of
from ingest.domain.tracking import Guard, Verdict, name_in_plan

Reason = Literal[
    "event_too_large",
    "not_json_number",
    "nul_character",
    "no_identity",
    "too_deep",
    "unknown_specversion",
    "invalid_attribute",
    "invalid_data",
    "server_key_needed",
    "unknown_availability",
    "unknown_event",
    "schema_violation",
]
"""The last two: by the workspace's tracking plan. `unknown_specversion` and `invalid_…`: of CloudEvents alone; a vendor's event also may be `unknown_topic`, `no_product` or `undecodable`."""

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
    of_product: bool = False
    """It says what is for sale, and nothing of anybody."""
    sent_at: object = None
    """As the message itself says it; most clients say it once per batch."""
    verdict: Verdict | None = None
    """The tracking plan's; None: nothing is planned."""

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
    verdict: Verdict | None = None


def judge(
    raw: bytes, index: int, guard: Guard | None = None, *, call: str | None
) -> Message | Rejected:
    """Check one message; `call` is given where the address names it, `guard` where the workspace has a tracking plan.

    Raises:
        UnparsableError: it is no JSON, and none of the reasons says so.
    """
    try:
        value = decoded(raw, LARGEST)
        taken = _identified(raw, index, call, value)
        if guard is None or not isinstance(taken, Message) or not isinstance(value, dict):
            return taken
        return guarded(taken, index, guard, *_said(taken.call, value))
    except PermanentError as error:
        return _rejected(raw, index, error.reason, error.detail)
    except UnparsableError as error:
        raise UnparsableError(f"message {index} is not JSON") from error


def guarded(
    taken: Message, index: int, guard: Guard, event: str | None, properties: Mapping[str, Any]
) -> Message | Rejected:
    """The message with what the plan says of it; without a name it tells who somebody is, and no plan says what of it."""
    if event is None:
        return taken
    verdict = guard.judge(event, properties)
    if verdict.flaw is not None and verdict.treatment == "quarantine":
        return Rejected(taken.raw, index, taken.message_id, verdict.flaw, verdict.detail, verdict)
    return msgspec.structs.replace(taken, verdict=verdict)


def _said(call: str, message: Mapping[str, Any]) -> tuple[str | None, Mapping[str, Any]]:
    return name_in_plan(call, text_of(message.get("event")) or ""), properties_of(message)


def decoded(raw: bytes, largest: int) -> object:
    """The text's value, if all who come after us can hold it.

    Raises:
        PermanentError: they cannot; `event_too_large`, `too_deep`, `not_json_number` or `nul_character`.
        UnparsableError: it is no JSON, and none of the reasons says so.
    """
    if len(raw) > largest:
        raise PermanentError("event_too_large", f"{len(raw)} bytes, {largest} are allowed")
    if raw.count(b"{") + raw.count(b"[") > DEEPEST and depth_of(raw) > DEEPEST:
        raise PermanentError("too_deep", f"nests deeper than {DEEPEST} levels")
    try:
        value = _decode(raw)
    except msgspec.ValidationError as error:
        raise PermanentError("not_json_number", "a number is too large to be one") from error
    except msgspec.DecodeError as error:
        raise _undecodable(raw) from error
    if b"\\u0000" in raw and has_nul(raw):
        raise PermanentError("nul_character", "a text holds the character U+0000")
    return value


def _identified(raw: bytes, index: int, call: str | None, value: object) -> Message | Rejected:
    if not isinstance(value, dict):
        return _rejected(raw, index, "no_identity", "the message is no object")
    call = call or text_of(value.get("type")) or ""
    identity = text_of(value.get("userId")) or text_of(value.get("anonymousId"))
    product = call == "track" and product_id_of(value.get("event"), value.get("properties"))
    if product:
        identity = PREFIX + product  # of nobody, whoever is named
        available(value["properties"])  # as resolve will read it
    if identity is None:
        return _rejected(raw, index, "no_identity", "neither userId nor anonymousId is given")
    return Message(
        raw=raw,
        call=call,
        message_id=text_of(value.get("messageId")),
        identity=identity,
        of_product=bool(product),
        sent_at=value.get("sentAt"),
    )


def _undecodable(raw: bytes) -> PermanentError | UnparsableError:
    if has_nul(raw):
        return PermanentError("nul_character", "a text holds the character U+0000")
    if has_no_number(raw):
        return PermanentError("not_json_number", "NaN and Infinity are not JSON")
    return UnparsableError("it is not JSON")


def _rejected(raw: bytes, index: int, reason: str, detail: str) -> Rejected:
    # Looked for in the text, because the message may be no JSON or too large to decode for nothing.
    found = _MESSAGE_ID.search(raw)
    return Rejected(raw, index, found[1].decode() if found else None, reason, detail)
