"""One sentence of a story, with its mood; and what a sentence may look back on."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal
from uuid import UUID

Tone = Literal["plain", "good", "wait", "no", "bad"]
"""plain: something happened; good: sent, agreed, rose; wait: not yet; no: we chose not to; bad: it went wrong."""


@dataclass(frozen=True, slots=True)
class Line:
    """What a reader sees of one record."""

    text: str
    tone: Tone = "plain"


@dataclass(slots=True)
class Passage:
    """An enrollment as far as the story has told it."""

    playbook: str
    due_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Ruling:
    """A decision that the story has told."""

    due_at: datetime | None
    made_at: datetime


@dataclass(slots=True)
class Past:
    """What was told before, so that a sentence can say `3 s before it was due`."""

    passages: dict[UUID, Passage] = field(default_factory=dict)
    rulings: dict[UUID, Ruling] = field(default_factory=dict)

    def due_at(self, enrollment_id: UUID) -> datetime | None:
        passage = self.passages.get(enrollment_id)
        return None if passage is None else passage.due_at
