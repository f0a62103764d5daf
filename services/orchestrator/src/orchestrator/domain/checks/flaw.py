"""What a check finds, and what it has to know besides the journey."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Literal

from common.documents import Finding
from orchestrator.domain.journey import Journey

Severity = Literal["error", "warning"]


@dataclass(frozen=True, slots=True)
class Flaw:
    """Something that reads well and does not do what anybody wants."""

    rule: str
    severity: Severity
    finding: Finding


@dataclass(frozen=True, slots=True)
class Cap:
    """At most so many marketing contacts on a channel, or on all of them (`*`), in any period of that length."""

    channel: str
    at_most: int
    per: timedelta


@dataclass(frozen=True, slots=True)
class Surroundings:
    """The workspace in which a journey shall run; what is not known is not asked."""

    quiet: timedelta = timedelta()
    """How long the night is in which no marketing is sent."""
    caps: tuple[Cap, ...] = ()
    events: frozenset[str] = frozenset()
    """The names that are known: the vocabulary's and the tracking plan's."""
    only_planned: bool = False
    """Whether the tracking plan sets aside what it does not name."""
    others: Sequence[Journey] = field(default=())
    """The other playbooks in force."""
