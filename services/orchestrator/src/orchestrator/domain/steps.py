"""The kinds of steps a journey is made of: one class each, in one table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar, Final, Protocol, Self

from common.documents import Value
from orchestrator.domain.parameters import Parameters


@dataclass(frozen=True, slots=True)
class Rest:
    """The enrollment stays at the step until then."""

    until: datetime


@dataclass(frozen=True, slots=True)
class Proposal:
    """What a journey would like to say; the auction rules on it, then the enrollment goes on."""

    message: str
    channels: tuple[str, ...]
    """The most wanted first."""
    expires_after: timedelta


Move = Rest | Proposal
"""What arriving at a step leads to."""


class Step(Protocol):
    """A step's rule; every method is pure."""

    KIND: ClassVar[str]

    @property
    def restarts(self) -> bool:
        """Whether activities make a rest here begin anew."""
        ...

    @classmethod
    def read(cls, value: Value, parameters: Parameters) -> Self:
        """Read the step from its place in the file; raises DocumentError."""
        ...

    def arrive(self, now: datetime) -> Move:
        """An enrollment comes to this step."""
        ...

    def hear(self, activity: str, now: datetime) -> Rest | None:
        """An enrollment rests here and the person does something; None: it goes on resting as before."""
        ...


@dataclass(frozen=True, slots=True)
class Wait:
    """Rest for a while, from the beginning again with each activity that restarts it."""

    KIND: ClassVar[str] = "wait"

    duration: timedelta
    restart_on: frozenset[str]

    @classmethod
    def read(cls, value: Value, parameters: Parameters) -> Self:
        fields = value.fields(required=["for"], optional=["restart_on"])
        restarting = fields.get("restart_on")
        names = [name.text() for name in restarting.one_or_more()] if restarting else []
        return cls(parameters.duration(fields["for"]), frozenset(names))

    @property
    def restarts(self) -> bool:
        return bool(self.restart_on)

    def arrive(self, now: datetime) -> Move:
        return Rest(now + self.duration)

    def hear(self, activity: str, now: datetime) -> Rest | None:
        return Rest(now + self.duration) if activity in self.restart_on else None


@dataclass(frozen=True, slots=True)
class Propose:
    """Put one message up for the auction."""

    KIND: ClassVar[str] = "propose"

    proposal: Proposal

    @classmethod
    def read(cls, value: Value, parameters: Parameters) -> Self:
        fields = value.fields(required=["message", "channels", "expires_after"])
        channels = [channel.one_of(CHANNELS) for channel in fields["channels"].one_or_more()]
        if not channels or len(set(channels)) < len(channels):
            fields["channels"].fail("name each channel once, and at least one")
        expires_after = parameters.duration(fields["expires_after"])
        if expires_after <= timedelta():
            fields["expires_after"].fail("a proposal must live longer than nothing")
        return cls(Proposal(fields["message"].name(), tuple(channels), expires_after))

    @property
    def restarts(self) -> bool:
        return False

    def arrive(self, now: datetime) -> Move:  # noqa: ARG002 - the protocol's; a proposal is due at once
        return self.proposal

    def hear(self, activity: str, now: datetime) -> Rest | None:  # noqa: ARG002 - nobody rests here
        return None


CHANNELS: Final = ("email", "sms", "ads", "webhook")
STEPS: Final[Mapping[str, type[Step]]] = {kind.KIND: kind for kind in (Wait, Propose)}
"""Add a step here and nowhere else."""


def read_step(value: Value, parameters: Parameters) -> Step:
    """One item of `steps`: a mapping with one key, the kind."""
    fields = value.fields(optional=list(STEPS))
    kinds = list(fields)
    if len(kinds) != 1:
        value.fail(f"a step is one of {', '.join(STEPS)}")
    return STEPS[kinds[0]].read(fields[kinds[0]], parameters)
