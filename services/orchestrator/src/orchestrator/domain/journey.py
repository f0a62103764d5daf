"""A playbook's compiled form: what begins a passage, what ends it, and the steps between."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from common.conditions import Condition, Expression
from common.contracts.actions import Occurrence, Printable
from common.documents import Value
from orchestrator.domain.occasion import Occasion
from orchestrator.domain.parameters import ParameterValue
from orchestrator.domain.program import Placed
from orchestrator.domain.setting import Setting
from orchestrator.domain.state import Enrollment
from orchestrator.domain.steps import Visit
from orchestrator.domain.triggers import Dated, Inactive, Scheduled, Trigger

Again = Literal["never", "per_key", "always"]


@dataclass(frozen=True, slots=True)
class Entry:
    """Which matches of a trigger may begin a passage."""

    key: Expression | None
    """What a passage is about, such as the cart's id; None: there is one passage at a time."""
    again: Again | timedelta
    """What an earlier passage with the same key allows; a duration: so long after that one began."""
    when: Condition | None = None
    """Whom it admits at all."""
    at_once: int | None = None
    """How many passages of one customer may be under way together."""

    @property
    def follows_customer(self) -> bool:
        """Whether the key is asked of the customer alone, so that it has one value at a time.

        A passage under way then follows it: a cart gets another id when an older event of it arrives late.
        """
        return self.key is None or "event" not in self.key.roots_used

    def admits(self, occasion: Occasion) -> bool:
        """Whether the customer is one for whom it is."""
        return self.when is None or self.when(occasion.roots)

    def key_of(self, occasion: Occasion) -> str:
        """The key now.

        Raises:
            PermanentError: `condition_failed`, the expression has no value here.
        """
        return "" if self.key is None else str(self.key.evaluate(occasion.roots))


@dataclass(frozen=True, slots=True)
class Exit:
    """What ends a passage at once, whatever its step: a goal that is reached, or a reason to stop."""

    event: str | None
    when: Condition | None
    """With an event: which ones of that name, such as those about what the passage is about."""
    reason: str

    def holds(self, visit: Visit) -> bool:
        """Whether it ends the passage, for which there was last a reason at its `since`."""
        occasion = visit.occasion
        if self.event is not None:
            activity = occasion.activity
            named = activity is not None and activity.name == self.event
            if not named or occasion.happened_at < visit.enrollment.since:
                return False
            return self.when is None or self.when(visit.roots)
        return self.when is not None and self.when(occasion.roots)


@dataclass(frozen=True, slots=True)
class Journey:
    """One version of a playbook; valid by construction through `playbook.parse_playbook`."""

    name: str
    version: str
    purpose: str
    triggers: tuple[Trigger, ...]
    entry: Entry
    exits: tuple[Exit, ...]
    steps: tuple[Placed, ...]
    setting: Setting
    asked_of_trigger: frozenset[str] | None
    """The properties of the triggering activity that steps and templates ask for; None: they do not ask for it at all."""
    messages: frozenset[tuple[str, str]]
    """Message and channel for which the playbook has a template."""
    values: Mapping[str, ParameterValue]
    """Its parameters, as the workspace has them."""
    printed: Mapping[str, Printable]
    """The parameters that templates name, with their values."""
    templates: Mapping[str, str]
    """Their texts, by path."""
    written: Mapping[str, Value]
    """The file's sections, in their places."""

    @property
    def scheduled(self) -> tuple[Scheduled, ...]:
        """The triggers that have a timer for each customer."""
        return tuple(one for one in self.triggers if isinstance(one, Dated | Inactive))

    def place_of(self, id_: str) -> int:
        """Where the step of that id stands; it is there, or the playbook would not have been read."""
        return next(place for place, placed in enumerate(self.steps) if placed.id == id_)

    def visit(self, enrollment: Enrollment, occasion: Occasion) -> Visit:
        return Visit(enrollment, occasion, self.setting)

    def remembered(self, occasion: Occasion) -> Occurrence | None:
        """What a passage keeps of the activity that begins it."""
        activity = occasion.activity
        if activity is None or self.asked_of_trigger is None:
            return None
        asked = {
            name: value
            for name, value in activity.properties.items()
            if name in self.asked_of_trigger
        }
        return Occurrence(activity.name, occasion.happened_at, asked)

    def triggered_by(self, occasion: Occasion) -> bool:
        if occasion.enrolls is not None:
            return occasion.enrolls == self.name
        return any(trigger.matches(occasion) for trigger in self.triggers)

    def begun_by(self, occasion: Occasion) -> bool:
        """Whether it may begin a passage: it is heard of in time."""
        if occasion.enrolls is not None:
            return occasion.enrolls == self.name
        return any(one.in_time(occasion) and one.matches(occasion) for one in self.triggers)

    def exit_reason(self, visit: Visit) -> str | None:
        return next((one.reason for one in self.exits if one.holds(visit)), None)

    def ended_by(self, heard: Mapping[str, datetime], since: datetime) -> str | None:
        """The reason for which what was heard of ends a passage, or would have before it began."""
        for exit_ in self.exits:
            at = heard.get(exit_.event) if exit_.event is not None and exit_.when is None else None
            if at is not None and at >= since:
                return exit_.reason
        return None
