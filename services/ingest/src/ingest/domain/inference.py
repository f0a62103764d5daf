"""Makes a tracking plan of what arrived: names and kinds of values, none of the values."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from common.configuration.tracking import MOST_EVENTS
from common.contracts.ingestion import EventAccepted
from common.errors import PermanentError
from ingest.domain.reading import read
from ingest.domain.segment.naming import activity_name
from ingest.domain.segment.properties import PERSONAL
from ingest.domain.segment.scrubbing import scrub

DEEPEST = 4
_PLANNED = frozenset({"segment", "cloudevents"})
_MOST_PROPERTIES = 100
_FEWEST = 5
"""Occurrences before a property that was always there is taken for a required one."""
_NAME = re.compile(r"[A-Za-z_$][\w$ .-]{0,63}")
_WORDS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
_ABOUT_PEOPLE = frozenset({
    "mail", "email", "phone", "mobile", "fax", "firstname", "lastname", "surname", "forename", "fullname", "username", "address", "street",
    "zip", "postcode", "postal", "birthday", "birth", "birthdate", "iban", "ip", "salutation", "gender", "customer", "message", "comment",
})  # fmt: skip
_NAMES_OF_PEOPLE = frozenset({"first", "last", "full", "user", "family", "given"})


@dataclass(slots=True)
class _Seen:
    """What values of one place looked like."""

    count: int = 0
    kinds: Counter[str] = field(default_factory=Counter)
    personal: bool = False
    members: dict[str, _Seen] = field(default_factory=dict)
    items: _Seen | None = None

    def look(self, value: object, depth: int) -> None:
        self.count += 1
        kind = _kind(value)
        self.kinds[kind] += 1
        if isinstance(value, str):
            self.personal = self.personal or scrub(value) != value
        elif isinstance(value, dict) and depth < DEEPEST:
            self._look_into(value, depth)
        elif isinstance(value, list) and depth < DEEPEST:
            self.items = self.items or _Seen()
            for item in value:
                self.items.look(item, depth + 1)

    def _look_into(self, value: Mapping[str, Any], depth: int) -> None:
        for name, member in value.items():
            if name not in self.members:
                if len(self.members) >= _MOST_PROPERTIES or not _may_be_named(name):
                    continue
                self.members[name] = _Seen()
            self.members[name].look(member, depth + 1)

    def schema(self, name: str = "") -> dict[str, Any]:
        kinds = sorted(set(self.kinds) - ({"integer"} if "number" in self.kinds else set()))
        found: dict[str, Any] = {"type": kinds[0] if len(kinds) == 1 else kinds} if kinds else {}
        if self.members:
            found |= self._members()
        if self.items is not None and self.items.count:
            found["items"] = self.items.schema()
        if self.personal or _sounds_personal(name):
            found[PERSONAL] = True
        return found

    def _members(self) -> dict[str, Any]:
        objects = self.kinds["object"]
        required = sorted(n for n, seen in self.members.items() if seen.count == objects)
        properties = {name: self.members[name].schema(name) for name in sorted(self.members)}
        told: dict[str, Any] = {"properties": properties}
        return {"required": required, **told} if required and objects >= _FEWEST else told


class Inference:
    """Looks at one event after the other; below the limits their order does not matter."""

    def __init__(self) -> None:
        self._events: dict[str, _Seen] = {}

    def look(self, event: str, properties: Mapping[str, Any]) -> None:
        """Take one event in; of names beyond the limit none is taken."""
        if event not in self._events:
            if len(self._events) >= MOST_EVENTS * 2 or not event or scrub(event) != event:
                return
            self._events[event] = _Seen()
        self._events[event].look(dict(properties), 0)

    @property
    def counts(self) -> Mapping[str, int]:
        """How often each event was seen, the most frequent first."""
        ordered = sorted(self._events.items(), key=lambda found: (-found[1].count, found[0]))
        return {name: seen.count for name, seen in ordered[:MOST_EVENTS]}

    def plan(self) -> dict[str, Any]:
        """The plan under which all that was seen is good, as `tracking/<workspace>.yaml` says it."""
        events = {name: {"schema": self._events[name].schema()} for name in sorted(self.counts)}
        return {"unknown_events": "flag", "violations": "flag", "events": events}


def infer(events: Sequence[tuple[str, Mapping[str, Any]]]) -> dict[str, Any]:
    """The plan of these events, each a name and its properties."""
    inference = Inference()
    for event, properties in events:
        inference.look(event, properties)
    return inference.plan()


def _kind(value: object) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "boolean"
        case int():
            return "integer"
        case float():
            return "integer" if value.is_integer() else "number"
        case str():
            return "string"
        case list():
            return "array"
        case _:
            return "object"


def _may_be_named(name: str) -> bool:
    """A key that is a mail address or a number is somebody's, and no part of a plan."""
    return _NAME.fullmatch(name) is not None and scrub(name) == name


def _sounds_personal(name: str) -> bool:
    words = [word.casefold() for word in _WORDS.findall(name)]
    joined = "".join(words)
    if joined in _ABOUT_PEOPLE or _ABOUT_PEOPLE.intersection(words):
        return True
    return words[-1:] == ["name"] and bool(_NAMES_OF_PEOPLE.intersection(words))


def arrived(payload: EventAccepted) -> tuple[str, Mapping[str, Any]] | None:
    """What a plan could say of an accepted event: its name and properties; None where no plan holds for it."""
    if payload.protocol not in _PLANNED:
        return None
    try:
        call = read(payload)[0]
        name = activity_name(call)
    except PermanentError:
        return None  # resolve sets it aside
    return None if name is None or call.kind == "group" else (name, call.properties)
