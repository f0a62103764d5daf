"""Steps that ask for something else than a message: tell another system, a voucher, a place in an audience."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import ClassVar, Final, Self

from common.conditions import STRING, Expression
from common.documents import Value
from orchestrator.domain.steps.acting import MAX_PROPERTIES
from orchestrator.domain.steps.reading import AUDIENCES, Reading
from orchestrator.domain.steps.step import MAX_TEXT, Errand, Go, Move, Passing, Visit, evaluated
from orchestrator.domain.steps.waiting import OTHERWISE, THEN

WITHIN: Final = timedelta(days=1)
"""How long an answer is waited for, and how long a change of an audience may take, unless the step says otherwise."""
DONE: Final = frozenset({"sent", "delivered"})
REFUSED: Final = frozenset({"skipped", "failed", "unknown"})


@dataclass(frozen=True, slots=True)
class Call:
    """Tell another system, such as the CRM, and wait until it has acknowledged it."""

    KIND: ClassVar[str] = "call"

    to: str
    data: Mapping[str, Expression] = field(default_factory=dict)
    within: timedelta = WITHIN
    keep: str | None = None
    """The variable that gets what the other system calls it."""

    @classmethod
    def read(cls, value: Value, reading: Reading) -> Self:
        fields = value.fields(required=["to"], optional=["data", *_ANSWERED])
        section = fields.get("data")
        said = section.entries() if section is not None else {}
        if len(said) > MAX_PROPERTIES:
            value.fail(f"more than {MAX_PROPERTIES} values")
        data = {name: reading.expression(text) for name, text in said.items()}
        within, keep = _within(fields.get("within"), reading), _kept(fields.get("keep"), reading)
        found = cls(fields["to"].name(), data, within, keep)
        _ways(fields.get("then"), fields.get("otherwise"), reading)
        return found

    @property
    def restarts(self) -> bool:
        return False

    def arrive(self, visit: Visit) -> Move:
        told = {name: evaluated(one, visit) for name, one in self.data.items()}
        data = {name: value for name, value in told.items() if value is not None}
        return Errand("call", "webhook", self.to, self.within, data, waits=True)

    def hear(self, visit: Visit) -> Move | None:
        return _answered(visit, self.keep)

    def due(self, visit: Visit) -> Move:  # noqa: ARG002 - the protocol's; nothing more is asked
        return Go(OTHERWISE)


@dataclass(frozen=True, slots=True)
class Voucher:
    """Ask for a voucher of a pool, and wait until one is kept for this passage."""

    KIND: ClassVar[str] = "voucher"

    pool: str
    within: timedelta = WITHIN
    keep: str | None = None
    """The variable that gets its code."""

    @classmethod
    def read(cls, value: Value, reading: Reading) -> Self:
        fields = value.fields(required=["pool"], optional=list(_ANSWERED))
        within, keep = _within(fields.get("within"), reading), _kept(fields.get("keep"), reading)
        found = cls(fields["pool"].name(), within, keep)
        _ways(fields.get("then"), fields.get("otherwise"), reading)
        return found

    @property
    def restarts(self) -> bool:
        return False

    def arrive(self, visit: Visit) -> Move:  # noqa: ARG002 - the protocol's; a pool is asked by its name
        return Errand("voucher", "voucher", self.pool, self.within, {}, waits=True)

    def hear(self, visit: Visit) -> Move | None:
        return _answered(visit, self.keep)

    def due(self, visit: Visit) -> Move:  # noqa: ARG002 - the protocol's; nothing more is asked
        return Go(OTHERWISE)


@dataclass(frozen=True, slots=True)
class Audience(Passing):
    """Put the person into a retargeting audience, or take them out; nobody waits for it."""

    KIND: ClassVar[str] = "audience"

    name: str
    operation: str
    expires_after: timedelta = WITHIN

    @classmethod
    def read(cls, value: Value, reading: Reading) -> Self:
        fields = value.fields(optional=[*_OPERATIONS, "expires_after"])
        chosen = [name for name in _OPERATIONS if name in fields]
        if len(chosen) != 1:
            value.fail("an audience is something to `add` to or to `remove` from")
        (operation,) = chosen
        lasts = _within(fields.get("expires_after"), reading)
        return cls(fields[operation].name(), operation, lasts)

    def arrive(self, visit: Visit) -> Move:  # noqa: ARG002 - the protocol's
        data = {"operation": self.operation}
        return Errand("audience", AUDIENCES, self.name, self.expires_after, data, waits=False)


def _answered(visit: Visit, keep: str | None) -> Move | None:
    """Where it goes on once the errand is done or refused; a hold is no answer."""
    answer = visit.occasion.answer
    if answer is None or answer.decision_id != visit.enrollment.awaits:
        return None
    if answer.status in DONE:
        return Go(THEN, {keep: answer.receipt[:MAX_TEXT]} if keep is not None else {})
    return Go(OTHERWISE) if answer.status in REFUSED else None


def _within(value: Value | None, reading: Reading) -> timedelta:
    if value is None:
        return WITHIN
    found = reading.duration(value)
    if found <= timedelta():
        value.fail("longer than nothing, please")
    return found


def _kept(value: Value | None, reading: Reading) -> str | None:
    return None if value is None else reading.declare(value, STRING)


def _ways(then: Value | None, otherwise: Value | None, reading: Reading) -> None:
    reading.block("then", then)
    reading.block("otherwise", otherwise)


_ANSWERED: Final = ("within", "keep", "then", "otherwise")
_OPERATIONS: Final = ("add", "remove")
