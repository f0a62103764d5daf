"""The timers of triggers: one for each customer and each trigger that is due at an instant of the customer's own."""

from __future__ import annotations

from datetime import datetime

from orchestrator.domain.library import Library
from orchestrator.domain.occasion import Occasion
from orchestrator.domain.passage import Notes


def scheduled(
    armed: dict[str, datetime | None], occasion: Occasion, library: Library, notes: Notes
) -> dict[str, datetime | None]:
    """When each fires after the occasion; what changes is noted.

    A timer that is set for an instant before its trigger's stays: it fires, finds that the instant has moved, and is set
    anew. So whoever does something every day does not move a timer every day, and only those are looked at that are new,
    have fired, or may be due earlier now.
    """
    schedules = library.schedules
    looked_at = library.moving(armed, occasion)
    if armed.keys() != schedules.keys():
        armed = _kept(armed, occasion, library, notes)
        looked_at |= schedules.keys() - armed.keys()
    if occasion.timer in schedules:
        looked_at.add(occasion.timer)
    found: dict[str, datetime | None] = {}
    for name in sorted(looked_at):
        before = None if name == occasion.timer else armed.get(name)
        due = schedules[name].next(occasion.customer, occasion.now)
        due = due if due is None or before is None else min(due, before)
        if due != before:
            notes.timers[name] = due
        if name not in armed or armed[name] != due:
            found[name] = due
    return dict(sorted({**armed, **found}.items())) if found else armed


def _kept(
    armed: dict[str, datetime | None], occasion: Occasion, library: Library, notes: Notes
) -> dict[str, datetime | None]:
    """Those whose triggers there still are; the timers of all others are let go of."""
    for name in sorted(armed.keys() - library.schedules.keys()):
        if armed[name] is not None and name != occasion.timer:
            notes.timers[name] = None
    return {name: due for name, due in armed.items() if name in library.schedules}
