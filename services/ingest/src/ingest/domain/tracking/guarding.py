"""Holds each event against the tracking plan: compiled once, asked for every message."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import jsonschema_rs

from common.configuration import Release
from common.configuration.directory import PLAN_FILE
from common.configuration.tracking import (
    PlannedEvent,
    TrackingPlan,
    Treatment,
    compiled,
    parse_plan,
)
from ingest.domain.segment.naming import NAMES_OF_CALLS
from ingest.domain.segment.properties import plannable
from ingest.domain.vocabulary import canonical_name

Flaw = Literal["unknown_event", "schema_violation"]

UNKNOWN = "(unknown)"
"""What all events that are not in the plan are counted as: their names are the senders' and without number."""
_PAGES = {call: name for call, name in NAMES_OF_CALLS.items() if call != "group"}
_REMEMBERED = 10_000
_LONGEST = 200
"""Characters of a name that is remembered: names are strangers' words, and may be as large as a message."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the plan says of one event."""

    event: str
    """As the plan calls it."""
    flaw: Flaw | None = None
    treatment: Treatment = "accept"
    detail: str = ""
    """In words of the plan, never of the event: these may be personal."""
    planned: tuple[str, ...] = ()
    """The properties beyond the vocabulary that may travel."""

    @property
    def flagged(self) -> str:
        """The flaw that goes with the event."""
        return self.flaw or "" if self.treatment == "flag" else ""


def name_in_plan(kind: str, event: str) -> str | None:
    """What a plan calls a call; None where it tells who somebody is, of which no plan says what."""
    return event if kind == "track" else _PAGES.get(kind)


class Guard:
    """A plan, ready to be asked."""

    def __init__(self, plan: TrackingPlan) -> None:
        self._rules = {
            name: _Rule(name, event, event.violations or plan.violations)
            for name, event in plan.events.items()
        }
        self._canonical = {canonical_name(name) or name: name for name in plan.events}
        self._unknown = Verdict(
            UNKNOWN, "unknown_event", plan.unknown_events, "the event is not in the tracking plan"
        )
        self._found: dict[str, _Rule | None] = {}

    def judge(self, event: str, properties: Mapping[str, object]) -> Verdict:
        """What is to become of an event of that name; as it is sent, or as the vocabulary has it."""
        try:
            rule = self._found[event]
        except KeyError:
            rule = self._find(event)
        return self._unknown if rule is None else rule.judge(properties)

    def _find(self, event: str) -> _Rule | None:
        name = " ".join(event.split())
        rule = self._rules.get(name)
        if rule is None:
            rule = self._rules.get(self._canonical.get(canonical_name(name) or "", ""))
        if len(self._found) < _REMEMBERED and len(event) <= _LONGEST:
            self._found[event] = rule
        return rule


def guard_of(release: Release) -> Guard | None:
    """Whom the release's tracking plan has its events held against; compiled once per plan."""
    content = release.one("tracking_plan", release.workspace)
    return None if content is None else _guard(content.name, content.files.get(PLAN_FILE, ""))


@lru_cache(maxsize=256)
def _guard(name: str, text: str) -> Guard:
    return Guard(parse_plan(name, text))


class _Rule:
    def __init__(self, name: str, event: PlannedEvent, treatment: Treatment) -> None:
        self._validator = compiled(event.properties)
        self._treatment = treatment
        self._name = name
        self._planned = plannable(event.properties.get("properties", {}))
        self._good = Verdict(name, planned=self._planned)

    def judge(self, properties: Mapping[str, object]) -> Verdict:
        if self._validator.is_valid(properties):
            return self._good
        error = next(iter(self._validator.iter_errors(properties)))
        detail = _detail(error)
        return Verdict(self._name, "schema_violation", self._treatment, detail, self._planned)


def _detail(error: jsonschema_rs.ValidationError) -> str:
    place = "/".join(str(part) for part in error.schema_path)
    missing = error.kind
    if isinstance(missing, jsonschema_rs.ValidationErrorKind.Required):
        return f"breaks {place} of the plan's schema: {missing.property} is missing"
    return f"breaks {place} of the plan's schema"
