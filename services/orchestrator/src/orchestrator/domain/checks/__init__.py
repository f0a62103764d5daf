"""What can be found wrong with a playbook that reads well: it would run, but not as anybody wants."""

from __future__ import annotations

from collections.abc import Iterator

from common.documents import Finding
from orchestrator.domain.checks.flow import circles, dead_conditions, unreachable
from orchestrator.domain.journey import Journey


def check_journey(journey: Journey) -> Iterator[Finding]:
    """All findings, in the order of the kinds."""
    for look in (unreachable, circles, dead_conditions):
        yield from look(journey)


__all__ = ["check_journey"]
