"""How an enrollment moves through its journey: entering, going from step to step, resting, proposing, ending."""

from orchestrator.domain.passage.advancing import admits, advance, enter, is_due, remembered
from orchestrator.domain.passage.notes import Notes, end
from orchestrator.domain.passage.succession import (
    cancelled,
    migrated,
    place_in,
    places_left,
    resumed,
    waits,
    without_place,
)

__all__ = [
    "Notes",
    "admits",
    "advance",
    "cancelled",
    "end",
    "enter",
    "is_due",
    "migrated",
    "place_in",
    "places_left",
    "remembered",
    "resumed",
    "waits",
    "without_place",
]
