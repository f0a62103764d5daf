"""The timers of triggers: one for each customer and each trigger that is due at an instant of the customer's own."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from orchestrator.domain.library import Library
from orchestrator.domain.occasion import Occasion
from orchestrator.domain.passage import Notes


def scheduled(
    armed: Mapping[str, datetime], occasion: Occasion, library: Library, notes: Notes
) -> dict[str, datetime]:
    """When each fires after the occasion; what changes is noted.

    A timer that is set for an instant before its trigger's stays: it fires, finds that the instant has moved, and is set
    anew. So whoever does something every day does not move a timer every day.
    """
    found: dict[str, datetime] = {}
    for name, (trigger, _) in library.schedules.items():
        before = None if occasion.timer == name else armed.get(name)
        due = trigger.next(occasion.customer, occasion.now)
        if due is None:
            if before is not None:
                notes.timers[name] = None
            continue
        found[name] = due if before is None else min(due, before)
        if found[name] != before:
            notes.timers[name] = due
    for name in armed.keys() - library.schedules.keys():
        if name != occasion.timer:
            notes.timers[name] = None
    return found
