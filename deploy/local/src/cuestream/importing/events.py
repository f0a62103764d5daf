"""Events: Segment's messages, one a line, or a table with a row for each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from cuestream.importing.lines import BadLineError, Row
from cuestream.importing.values import instant, yes_or_no

Message = dict[str, Any]

CALLS = ("track", "identify", "page", "screen", "group", "alias")
_OURS = {
    "user_id": "userId",
    "anonymous_id": "anonymousId",
    "message_id": "messageId",
    "group_id": "groupId",
    "previous_id": "previousId",
    "time": "timestamp",
    "original_timestamp": "originalTimestamp",
}
_OF_THE_MESSAGE = frozenset({*_OURS.values(), "timestamp", "type", "event"})
_PARTS = ("properties", "traits", "context")
_TRAITS = frozenset({"identify", "group"})


def of_json(row: Row) -> list[Message]:
    """The message as it stands.

    Raises:
        BadLineError: it is none, or lacks what no message can do without.
    """
    return [_checked(dict(row.values))]


def of_table(row: Row) -> list[Message]:
    """The message that a table's row is: `user_id`, `event`, `timestamp`, …; every other column is a property or a trait.

    Raises:
        BadLineError: as of `of_json`.
    """
    message: Message = {}
    rest: dict[str, Any] = {}
    for column, cell in row.values.items():
        name = _OURS.get(column, column)
        if name in _OF_THE_MESSAGE:
            message[name] = cell
        else:
            rest[column] = cell
    kind = message.setdefault("type", "track" if "event" in message else "identify")
    for column, cell in rest.items():
        _put(message, "traits" if kind in _TRAITS else "properties", column, cell)
    return [_checked(message)]


def _put(message: Message, otherwise: str, column: str, cell: str) -> None:
    part, _, name = column.partition(".")
    if column.startswith("consents."):
        consents = message.setdefault("traits", {}).setdefault("consents", {})
        consents[name] = yes_or_no(cell)
    elif part in _PARTS and name:
        _within(message.setdefault(part, {}), name, cell)
    else:
        message.setdefault(otherwise, {})[column] = _value(cell)


def _within(part: dict[str, Any], path: str, cell: str) -> None:
    *outer, last = path.split(".")
    for name in outer:
        found = part.setdefault(name, {})
        if not isinstance(found, dict):
            raise BadLineError("wrong_columns", f"{path} lies within what has a value of its own")
        part = found
    part[last] = _value(cell)


def _value(cell: str) -> Any:
    """A cell may hold a list or an object, such as the products of an order; texts and numbers stay as they are."""
    if cell[:1] not in "[{":
        return cell
    try:
        return msgspec.json.decode(cell)
    except (msgspec.DecodeError, RecursionError):
        return cell


def _checked(message: Message) -> Message:
    kind = message.get("type")
    if kind not in CALLS:
        raise BadLineError("unknown_call", f"type has to be one of {', '.join(CALLS)}")
    if not _known(message, "userId") and not _known(message, "anonymousId"):
        raise BadLineError("no_identity", "neither userId nor anonymousId is given")
    if kind == "track" and not _known(message, "event"):
        raise BadLineError("no_event_name", "a track call needs event")
    if not _known(message, "messageId"):
        message.pop(
            "messageId", None
        )  # an empty one would keep the line's, by which it counts once
    _date(message)
    return message


def _known(message: Mapping[str, Any], name: str) -> bool:
    value = message.get(name)
    return isinstance(value, str | int | float) and not isinstance(value, bool) and value != ""


def _date(message: Message) -> None:
    """What was done in the past needs a time; who somebody is may be as of now."""
    name = "timestamp" if message.get("timestamp") else "originalTimestamp"
    at = instant(message.get(name))
    if at is not None:
        message[name] = at
    elif message.get(name) or message["type"] in {"track", "page", "screen"}:
        raise BadLineError("no_time", "timestamp is not a time; write it like 2024-05-01T08:30:00Z")
