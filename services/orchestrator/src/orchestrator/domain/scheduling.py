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
    anew. So whoever does something every day does not move a timer every day, and only those are looked at that are not
    set, have fired, or may be due earlier now.
    """
    schedules = library.schedules
    set_ = armed.keys() - {occasion.timer}
    looked_at = (schedules.keys() - set_) | (library.moving(occasion) if set_ else set())
    gone = armed.keys() - schedules.keys()
    if not looked_at and not gone:
        return dict(armed)
    for name in sorted(gone - {occasion.timer}):
        notes.timers[name] = None
    found = {name: armed[name] for name in set_ & schedules.keys()}
    for name in sorted(looked_at):
        before, due = found.pop(name, None), schedules[name].next(occasion.customer, occasion.now)
        if due is not None:
            found[name] = due if before is None else min(due, before)
        if found.get(name) != before:
            notes.timers[name] = due
    return dict(sorted(found.items()))
