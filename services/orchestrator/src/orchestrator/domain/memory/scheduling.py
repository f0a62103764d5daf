"""The timers of triggers: one for each customer and each trigger that is due at an instant of the customer's own."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from orchestrator.domain.library import Library
from orchestrator.domain.occasion import Occasion
from orchestrator.domain.passage import Notes


def scheduled(
    armed: Mapping[str, datetime | None], occasion: Occasion, library: Library, notes: Notes
) -> dict[str, datetime | None]:
    """When each fires after the occasion; what changes is noted.

    A timer that is set for an instant before its trigger's stays: it fires, finds that the instant has moved, and is set
    anew. So whoever does something every day does not move a timer every day, and only those are looked at that are new,
    have fired, or may be due earlier now.
    """
    schedules = library.schedules
    gone = armed.keys() - schedules.keys()
    looked_at = schedules.keys() - armed.keys() | library.moving(armed, occasion)
    if occasion.timer in schedules:
        looked_at.add(occasion.timer)
    if not looked_at and not gone:
        return dict(armed)
    for name in sorted(gone - {occasion.timer}):
        if armed[name] is not None:
            notes.timers[name] = None
    found = {name: armed[name] for name in armed.keys() & schedules.keys()}
    for name in sorted(looked_at):
        before = None if name == occasion.timer else armed.get(name)
        due = schedules[name].next(occasion.customer, occasion.now)
        found[name] = due if due is None or before is None else min(due, before)
        if found[name] != before:
            notes.timers[name] = due
    return dict(sorted(found.items()))
