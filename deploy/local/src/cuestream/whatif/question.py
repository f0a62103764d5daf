"""What is asked: of which playbook, what instead of it, and between which instants."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from common.configuration import Content


@dataclass(frozen=True, slots=True)
class Candidate:
    """What would have been published: a playbook, and the workspace's file with its parameters."""

    playbook: Content
    workspace: Content | None = None
    """None: as it was."""


@dataclass(frozen=True, slots=True)
class Question:
    """What would have become of a playbook's decisions in one workspace."""

    workspace: str
    playbook: str
    candidate: Candidate | None = None
    """None: as it was."""
    since: datetime | None = None
    """From when on the candidate would have been in force, and decisions count; None: as far back as the log reaches."""
    until: datetime | None = None

    def counts(self, at: datetime) -> bool:
        """Whether a decision of that instant is looked at."""
        return (self.since is None or self.since <= at) and (self.until is None or at < self.until)
