"""The kinds of steps a journey is made of: one class each, in one table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from orchestrator.domain.steps.acting import CHANNELS, PURPOSES, Emit, Exit, GoTo, Propose, Set
from orchestrator.domain.steps.choosing import Branch, Split
from orchestrator.domain.steps.errands import Audience, Call, Voucher
from orchestrator.domain.steps.reading import AUDIENCES, Node, Reading
from orchestrator.domain.steps.step import (
    Emission,
    Errand,
    Go,
    Jump,
    Keep,
    Leave,
    Move,
    Proposal,
    Rest,
    Step,
    Visit,
)
from orchestrator.domain.steps.times import local, signed_duration, time_of_day
from orchestrator.domain.steps.waiting import Wait, WaitFor

STEPS: Final[Mapping[str, type[Step]]] = {
    kind.KIND: kind
    for kind in (
        Wait,
        WaitFor,
        Branch,
        Split,
        Propose,
        Set,
        Emit,
        Voucher,
        Call,
        Audience,
        Exit,
        GoTo,
    )
}
"""Add a step here and nowhere else."""

__all__ = [
    "AUDIENCES",
    "CHANNELS",
    "PURPOSES",
    "STEPS",
    "Audience",
    "Branch",
    "Call",
    "Emission",
    "Emit",
    "Errand",
    "Exit",
    "Go",
    "GoTo",
    "Jump",
    "Keep",
    "Leave",
    "Move",
    "Node",
    "Proposal",
    "Propose",
    "Reading",
    "Rest",
    "Set",
    "Split",
    "Step",
    "Visit",
    "Voucher",
    "Wait",
    "WaitFor",
    "local",
    "signed_duration",
    "time_of_day",
]
