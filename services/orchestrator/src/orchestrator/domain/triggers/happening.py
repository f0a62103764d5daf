"""A trigger that hears of activities."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar, Final, Self

from common.conditions import Condition
from common.documents import Value
from orchestrator.domain.occasion import Occasion
from orchestrator.domain.steps import Reading
from orchestrator.domain.watching import Path

IN_TIME: Final = timedelta(minutes=5)
"""How long after it happened an activity may be received and still begin a passage, unless the trigger says otherwise."""


@dataclass(frozen=True, slots=True)
class Happening:
    """Activities by name, of which one begins a passage where `when` holds."""

    reads: ClassVar[frozenset[Path]] = frozenset()

    events: frozenset[str]
    when: Condition | None = None
    within: timedelta = IN_TIME
    """What is received later than that shapes the view, ends passages and makes them rest anew, but begins none."""

    @classmethod
    def read(cls, value: Value, reading: Reading) -> Self:
        fields = value.fields(required=["event"], optional=["when", "within"])
        events = [event.text() for event in fields["event"].one_or_more()]
        if not events:
            fields["event"].fail("name at least one event")
        when, within = fields.get("when"), fields.get("within")
        return cls(
            frozenset(events),
            reading.words.condition(when, reading.words.about(events))
            if when is not None
            else None,
            reading.duration(within) if within is not None else IN_TIME,
        )

    def matches(self, occasion: Occasion) -> bool:
        activity = occasion.activity
        if activity is None or activity.name not in self.events:
            return False
        return self.when is None or self.when(occasion.roots)

    def in_time(self, occasion: Occasion) -> bool:
        activity = occasion.activity
        return activity is not None and activity.received_at - occasion.happened_at <= self.within
