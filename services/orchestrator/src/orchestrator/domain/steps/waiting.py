"""Steps at which an enrollment rests: for a while, until a time of day or a date, or until something happens or comes true."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import ClassVar, Self

from common.conditions import Condition, Expression
from common.documents import Value
from orchestrator.domain.steps.reading import Reading
from orchestrator.domain.steps.step import Go, Move, Rest, Visit, evaluated
from orchestrator.domain.steps.times import Instant, read_instant

THEN, OTHERWISE = 0, 1
"""The blocks of `wait_for`."""


@dataclass(frozen=True, slots=True)
class Wait:
    """Rest for a while, from the beginning again with each activity that restarts it, or until an instant."""

    KIND: ClassVar[str] = "wait"

    duration: timedelta
    restart_on: frozenset[str] = frozenset()
    until: Instant | None = None

    @classmethod
    def read(cls, value: Value, reading: Reading) -> Self:
        fields = value.fields(optional=["for", "restart_on", "until"])
        until, lasts, restarting = fields.get("until"), fields.get("for"), fields.get("restart_on")
        if lasts is not None and until is None:
            names = [name.text() for name in restarting.one_or_more()] if restarting else []
            return cls(reading.duration(lasts), frozenset(names))
        if until is None or lasts is not None:
            value.fail("a wait has either `for` or `until`")
        if restarting is not None:
            restarting.fail("only a wait `for` a while can begin anew")
        return cls(timedelta(), until=read_instant(until, reading))

    @property
    def restarts(self) -> bool:
        return bool(self.restart_on)

    def arrive(self, visit: Visit) -> Move:
        if self.until is None:
            return Rest(visit.now + self.duration)
        instant = self.until.after(visit)
        # What is unknown or over is not waited for.
        return Go() if instant is None or instant <= visit.now else Rest(instant)

    def hear(self, visit: Visit) -> Move | None:
        activity = visit.occasion.activity
        if activity is None or activity.name not in self.restart_on:
            return None
        return Rest(visit.now + self.duration)

    def due(self, visit: Visit) -> Move:  # noqa: ARG002 - the protocol's; nothing more is asked
        return Go()


@dataclass(frozen=True, slots=True)
class WaitFor:
    """Rest until the person does something, or something comes true of them, but no longer than so long."""

    KIND: ClassVar[str] = "wait_for"

    events: frozenset[str]
    """None: it is the condition that is waited for, however it comes true."""
    when: Condition | None
    within: timedelta
    keep: Mapping[str, Expression] = field(default_factory=dict)
    """What is kept of the activity that was waited for."""

    @classmethod
    def read(cls, value: Value, reading: Reading) -> Self:
        fields = value.fields(
            required=["within"], optional=["event", "when", "keep", "then", "otherwise"]
        )
        event, when, keep = fields.get("event"), fields.get("when"), fields.get("keep")
        events = frozenset(one.text() for one in event.one_or_more()) if event else frozenset[str]()
        if event is not None and not events:
            event.fail("name at least one event")
        if event is None and (when is None or keep is not None):
            value.fail("say which `event` is waited for, or `when` it goes on")
        found = cls(
            events,
            reading.condition(when, events) if when is not None else None,
            reading.duration(fields["within"]),
            reading.kept(keep, events) if keep is not None else {},
        )
        reading.block("then", fields.get("then"))
        reading.block("otherwise", fields.get("otherwise"))
        return found

    @property
    def restarts(self) -> bool:
        return False

    def arrive(self, visit: Visit) -> Move:
        return self._true(visit) or Rest(visit.now + self.within)

    def hear(self, visit: Visit) -> Move | None:
        if not self.events:
            return self._true(visit)
        activity = visit.occasion.activity
        if activity is None or activity.name not in self.events:
            return None
        if self.when is not None and not self.when(visit.roots):
            return None
        found = {name: evaluated(one, visit) for name, one in self.keep.items()}
        return Go(THEN, {name: value for name, value in found.items() if value is not None})

    def due(self, visit: Visit) -> Move:
        return self._true(visit) or Go(OTHERWISE)

    def _true(self, visit: Visit) -> Move | None:
        """The way on where a condition alone is waited for, and it holds."""
        if self.events or self.when is None or not self.when(visit.roots):
            return None
        return Go(THEN)
