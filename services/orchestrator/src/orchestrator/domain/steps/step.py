"""What a step is: a pure rule for arriving at it, for what is heard while resting at it, and for its time being up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import ClassVar, Final, Protocol, Self
from zoneinfo import ZoneInfo

from common.conditions import EvaluationError, Expression
from common.contracts.actions import Kind, Printable
from common.documents import Value
from orchestrator.domain.occasion import Occasion
from orchestrator.domain.setting import Setting, zone_of
from orchestrator.domain.state import Enrollment
from orchestrator.domain.steps.reading import Reading

MAX_TEXT: Final = 200
"""Characters of a variable that is text."""


@dataclass(frozen=True, slots=True)
class Visit:
    """An enrollment at a step, and the occasion that has led or found it there."""

    enrollment: Enrollment
    occasion: Occasion
    setting: Setting

    @property
    def now(self) -> datetime:
        return self.occasion.now

    @property
    def roots(self) -> Mapping[str, object]:
        """What conditions may name: the customer, the moment, the trigger, variables."""
        variables = dict.fromkeys(self.setting.variables) | self.enrollment.variables
        return {
            **self.occasion.roots,
            "trigger": self.enrollment.trigger,
            "vars": SimpleNamespace(**variables),
        }

    @property
    def zone(self) -> ZoneInfo:
        """Where the customer's day begins."""
        return zone_of(self.occasion.customer, self.setting.zone)


@dataclass(frozen=True, slots=True)
class Rest:
    """The enrollment stays at the step until then."""

    until: datetime


@dataclass(frozen=True, slots=True)
class Go:
    """It goes on: into one of the step's blocks, or to what follows the step."""

    block: int | None = None
    keep: Mapping[str, Printable] = field(default_factory=dict)
    """Variables that get a value on the way."""


@dataclass(frozen=True, slots=True)
class Jump:
    """It goes on at the step of that id, so often at most; after that it goes on behind."""

    to: str
    at_most: int


@dataclass(frozen=True, slots=True)
class Leave:
    """The enrollment ends here."""

    reason: str


@dataclass(frozen=True, slots=True)
class Keep:
    """A variable of the enrollment gets a value, then it goes on."""

    name: str
    value: Printable


@dataclass(frozen=True, slots=True)
class Emission:
    """Something happened that other journeys may hear of, then it goes on."""

    event: str
    properties: Mapping[str, Printable]


@dataclass(frozen=True, slots=True)
class Proposal:
    """What a journey would like to say; the auction rules on it, then the enrollment goes on."""

    message: str
    channels: tuple[str, ...]
    """The most wanted first."""
    expires_after: timedelta
    purpose: str = ""
    """Which consent it needs; empty: the playbook's."""
    value: float | None = None
    """What it is worth if it succeeds, in the currency's minor unit; None: nobody has said."""
    urgency: float = 1.0
    """How much more it is worth now than later."""
    key: str = ""
    """What it is about: a message is said once about the same; empty: as often as it is proposed."""


@dataclass(frozen=True, slots=True)
class Errand:
    """What is asked of the dispatcher besides messages; then the enrollment goes on, or waits for the answer."""

    kind: Kind
    channel: str
    name: str
    """Of whom is told, of the pool, of the audience."""
    within: timedelta
    """How long it may take."""
    data: Mapping[str, Printable]
    waits: bool


Move = Rest | Go | Jump | Leave | Keep | Emission | Proposal | Errand
"""What comes of a step."""


class Step(Protocol):
    """A step's rule; every method is pure."""

    KIND: ClassVar[str]

    @property
    def restarts(self) -> bool:
        """Whether activities make a rest here begin anew."""
        ...

    @classmethod
    def read(cls, value: Value, reading: Reading) -> Self:
        """Read the step from its place in the file; raises DocumentError."""
        ...

    def arrive(self, visit: Visit) -> Move:
        """An enrollment comes to this step."""
        ...

    def hear(self, visit: Visit) -> Move | None:
        """An enrollment rests here and the person does something, or what it asked for is answered; None: it goes on resting as before."""
        ...

    def due(self, visit: Visit) -> Move:
        """An enrollment rests here and its time is up."""
        ...


class Passing:
    """A step at which nobody rests."""

    @property
    def restarts(self) -> bool:
        return False

    def hear(self, visit: Visit) -> Move | None:  # noqa: ARG002 - the protocol's; nobody rests here
        return None

    def due(self, visit: Visit) -> Move:  # noqa: ARG002 - as above
        return Go()


def evaluated(expression: Expression, visit: Visit) -> Printable | None:
    """A value that can be kept; None where there is none."""
    try:
        value = expression.evaluate(visit.roots)
    except EvaluationError:
        return None
    if isinstance(value, str):
        return value[:MAX_TEXT]
    return value if isinstance(value, bool | int | float) else None
