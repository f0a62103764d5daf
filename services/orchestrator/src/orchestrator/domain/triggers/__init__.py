"""What begins a passage: one class for each kind of trigger, in one table."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from common.documents import Value
from orchestrator.domain.steps import Reading
from orchestrator.domain.triggers.becoming import Becoming
from orchestrator.domain.triggers.called import Called
from orchestrator.domain.triggers.happening import IN_TIME, Happening
from orchestrator.domain.triggers.scheduled import Dated, Inactive, Scheduled
from orchestrator.domain.triggers.shelved import Shelved
from orchestrator.domain.triggers.trigger import Trigger

KINDS: Final[Mapping[str, Callable[[Value, Reading], Trigger]]] = {
    "event": Happening.read,
    "becomes": Becoming.read,
    "enters": Becoming.read_entered,
    "leaves": Becoming.read_left,
    "score": Becoming.read_score,
    "date": Dated.read,
    "inactive": Inactive.read,
    "price_drop": Shelved.read_cheaper,
    "back_in_stock": Shelved.read_there,
    "api": Called.read,
}
"""Add a kind here and nowhere else; each is known by the key that only it has."""


def read_trigger(value: Value, reading: Reading) -> Trigger:
    """One trigger from its place in the file; raises DocumentError."""
    kinds = [kind for kind in KINDS if kind in value.entries()]
    if len(kinds) != 1:
        value.fail(f"a trigger is one of {', '.join(KINDS)}")
    return KINDS[kinds[0]](value, reading)


__all__ = [
    "IN_TIME",
    "KINDS",
    "Becoming",
    "Called",
    "Dated",
    "Happening",
    "Inactive",
    "Scheduled",
    "Shelved",
    "Trigger",
    "read_trigger",
]
