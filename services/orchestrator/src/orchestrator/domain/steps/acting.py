"""Steps that do something and go on: propose a message, keep a value, tell other journeys, end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import ClassVar, Final, Self

from common.conditions import DOUBLE, INT, NUMBER, STRING, Expression
from common.documents import Value
from orchestrator.domain.steps.reading import Reading
from orchestrator.domain.steps.step import (
    Emission,
    Go,
    Jump,
    Keep,
    Leave,
    Move,
    Passing,
    Proposal,
    Visit,
    evaluated,
)

PURPOSES: Final = ("marketing", "transactional", "profiling")
CHANNELS: Final = ("email", "sms", "ads", "webhook")
MAX_PROPERTIES: Final = 20
MAX_ROUNDS: Final = 1_000
MAX_URGENCY: Final = 10


@dataclass(frozen=True, slots=True)
class Propose(Passing):
    """Put one message up for the auction."""

    KIND: ClassVar[str] = "propose"

    proposal: Proposal
    value: Expression | None = None
    key: Expression | None = None

    @classmethod
    def read(cls, value: Value, reading: Reading) -> Self:
        fields = value.fields(
            required=["message", "channels", "expires_after"],
            optional=["purpose", "value", "urgency", "key"],
        )
        channels = [channel.one_of(CHANNELS) for channel in fields["channels"].one_or_more()]
        if not channels or len(set(channels)) < len(channels):
            fields["channels"].fail("name each channel once, and at least one")
        expires_after = reading.duration(fields["expires_after"])
        if expires_after <= timedelta():
            fields["expires_after"].fail("a proposal must live longer than nothing")
        message = fields["message"].name()
        reading.check_templates(value, message, channels)
        purpose = fields.get("purpose")
        said = purpose.one_of(PURPOSES) if purpose is not None else ""
        urgency = _urgency(fields.get("urgency"), reading)
        proposal = Proposal(message, tuple(channels), expires_after, said, urgency=urgency)
        worth, key = fields.get("value"), fields.get("key")
        return cls(
            proposal,
            _worth(worth, reading) if worth is not None else None,
            reading.expression(key, STRING) if key is not None else None,
        )

    def arrive(self, visit: Visit) -> Move:
        if self.value is None and self.key is None:
            return self.proposal
        worth = evaluated(self.value, visit) if self.value is not None else None
        key = evaluated(self.key, visit) if self.key is not None else None
        return replace(
            self.proposal,
            value=None if worth is None else float(worth),
            key="" if key is None else str(key),
        )


@dataclass(frozen=True, slots=True)
class Set(Passing):
    """Keep a value with the enrollment; what has no value here leaves the variable as it is."""

    KIND: ClassVar[str] = "set"

    name: str
    expression: Expression

    @classmethod
    def read(cls, value: Value, reading: Reading) -> Self:
        entries = value.entries()
        if len(entries) != 1:
            value.fail("a `set` gives one variable its value")
        return cls(*next(iter(reading.kept(value).items())))

    def arrive(self, visit: Visit) -> Move:
        value = evaluated(self.expression, visit)
        return Go() if value is None else Keep(self.name, value)


@dataclass(frozen=True, slots=True)
class Emit(Passing):
    """Tell as an activity of the person what the journey found out; other journeys hear of it."""

    KIND: ClassVar[str] = "emit"

    event: str
    properties: Mapping[str, Expression]

    @classmethod
    def read(cls, value: Value, reading: Reading) -> Self:
        fields = value.fields(required=["event"], optional=["properties"])
        section = fields.get("properties")
        said = section.entries() if section is not None else {}
        if len(said) > MAX_PROPERTIES:
            value.fail(f"more than {MAX_PROPERTIES} properties")
        properties = {name: reading.expression(text) for name, text in said.items()}
        return cls(fields["event"].text(), properties)

    def arrive(self, visit: Visit) -> Move:
        found = {name: evaluated(one, visit) for name, one in self.properties.items()}
        return Emission(self.event, {n: value for n, value in found.items() if value is not None})


@dataclass(frozen=True, slots=True)
class Exit(Passing):
    """End here, for the reason that is given."""

    KIND: ClassVar[str] = "exit"

    reason: str

    @classmethod
    def read(cls, value: Value, reading: Reading) -> Self:  # noqa: ARG003 - the protocol's; a reason names nothing
        return cls(value.fields(required=["reason"])["reason"].text())

    def arrive(self, visit: Visit) -> Move:  # noqa: ARG002 - the protocol's
        return Leave(self.reason)


@dataclass(frozen=True, slots=True)
class GoTo(Passing):
    """Go back to a step, so many times at most."""

    KIND: ClassVar[str] = "goto"

    to: str
    at_most: int

    @classmethod
    def read(cls, value: Value, reading: Reading) -> Self:
        fields = value.fields(required=["step", "at_most"])
        at_most = fields["at_most"].integer()
        if not 1 <= at_most <= MAX_ROUNDS:
            fields["at_most"].fail(f"between 1 and {MAX_ROUNDS} times")
        to = fields["step"].text()
        reading.refer(to, fields["step"])
        return cls(to, at_most)

    def arrive(self, visit: Visit) -> Move:  # noqa: ARG002 - the protocol's
        return Jump(self.to, self.at_most)


def _worth(value: Value, reading: Reading) -> Expression:
    found = reading.expression(value)
    if found.type not in (INT, DOUBLE, NUMBER):
        value.fail(f"what it is worth is a number, this is a {found.type.name}")
    return found


def _urgency(value: Value | None, reading: Reading) -> float:
    found = 1.0 if value is None else reading.number(value)
    if value is not None and not 0 < found <= MAX_URGENCY:
        value.fail(f"more than 0 and no more than {MAX_URGENCY}; 1 is as urgent as most")
    return found
