"""A playbook's compiled form: what begins a passage, what ends it, and the steps between."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from common.conditions import Condition, Expression
from common.contracts.profiles import ActivityRecorded
from common.customer import Customer
from orchestrator.domain.steps import Step

Again = Literal["never", "per_key", "always"]


@dataclass(frozen=True, slots=True)
class Occasion:
    """A signal in the words of journeys: who, when, and what happened."""

    profile_id: UUID
    customer: Customer
    """The view after the signal."""
    now: datetime
    cause: UUID
    activity: ActivityRecorded | None = None
    timer: str | None = None
    """The name of the timer that fired."""
    due_at: datetime | None = None
    """Its instant."""
    history: bool = False
    """It shapes the view and triggers nothing."""

    @property
    def roots(self) -> Mapping[str, object]:
        """What conditions may name; without an activity, whatever they ask of `event` is false."""
        return {"customer": self.customer, "event": self.activity, "now": self.now}


@dataclass(frozen=True, slots=True)
class Trigger:
    """Activities by name, of which one begins a passage where `when` holds."""

    events: frozenset[str]
    when: Condition | None

    def matches(self, occasion: Occasion) -> bool:
        activity = occasion.activity
        if activity is None or activity.name not in self.events:
            return False
        return self.when is None or self.when(occasion.roots)


@dataclass(frozen=True, slots=True)
class Entry:
    """Which matches of a trigger may begin a passage."""

    key: Expression | None
    """What a passage is about, such as the cart's id; None: there is one passage at a time."""
    again: Again | timedelta
    """What an earlier passage with the same key allows; a duration: so long after that one began."""

    @property
    def follows_customer(self) -> bool:
        """Whether the key is asked of the customer alone, so that it has one value at a time.

        A passage under way then follows it: a cart gets another id when an older event of it arrives late.
        """
        return self.key is None or "event" not in self.key.roots_used

    def key_of(self, occasion: Occasion) -> str:
        """The key now.

        Raises:
            PermanentError: `condition_failed`, the expression has no value here.
        """
        return "" if self.key is None else str(self.key.evaluate(occasion.roots))


@dataclass(frozen=True, slots=True)
class Exit:
    """What ends a passage at once, whatever its step."""

    event: str | None
    when: Condition | None
    reason: str

    def holds(self, occasion: Occasion) -> bool:
        if self.event is not None:
            activity = occasion.activity
            return activity is not None and activity.name == self.event
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
    steps: tuple[Step, ...]
    messages: frozenset[tuple[str, str]]
    """Message and channel for which the playbook has a template."""

    def triggered_by(self, occasion: Occasion) -> bool:
        return any(trigger.matches(occasion) for trigger in self.triggers)

    def exit_reason(self, occasion: Occasion) -> str | None:
        return next((exit_.reason for exit_ in self.exits if exit_.holds(occasion)), None)
