"""The shapes in which a profile's story is answered."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, Field

from orchestrator.api.words.line import Tone


class Entry(BaseModel):
    """One record, in words and as it is."""

    at: datetime = Field(description="When it was accepted; all order follows it.")
    appended_at: datetime = Field(description="When this record reached the log.")
    topic: str
    type: str
    id: UUID
    workspace: str
    profile_id: str = Field(
        description="Whose it was then: of a profile that has become this one, its own."
    )
    correlation_id: UUID = Field(description="The accepted event with which the chain began.")
    causation_id: UUID | None
    text: str = Field(description="The record as one English sentence.")
    tone: Tone
    playbook: str | None = None
    enrollment_id: UUID | None = None
    decision_id: UUID | None = None
    due_at: datetime | None = Field(default=None, description="Until when something waits.")
    data: Any = Field(description="The payload as it is on the topic.")
    readable: bool = Field(default=True, exclude=True)


class Waiting(BaseModel):
    """An enrollment that is under way."""

    enrollment_id: UUID
    playbook: str
    step: str
    since: datetime
    due_at: datetime | None


class Standing(BaseModel):
    """What the story comes down to at its end."""

    first_seen_at: datetime | None = None
    last_seen_at: datetime | None = None
    activities: dict[str, int] = {}
    lead_score: int | None = None
    lead_grade: str | None = None
    locale: str | None = None
    reachable: list[str] = []
    consents: dict[str, bool] = Field(default={}, description="By `channel.purpose`.")
    waiting: list[Waiting] = []
    outcomes: dict[str, int] = Field(default={}, description="Decisions by outcome.")
    deliveries: dict[str, int] = Field(default={}, description="Deliveries by their last status.")


class Story(BaseModel):
    """Everything about one profile since an instant, in time order."""

    profile_id: UUID
    workspace: str | None
    since: datetime | None
    merged: list[UUID] = Field(
        default=[],
        description="Profiles that have become this one; their records are told here, too.",
    )
    merged_into: UUID | None = Field(
        default=None,
        description="The profile that this one has become; what comes since is told there.",
    )
    complete: bool = Field(
        description="False where reading the log took too long and was cut short."
    )
    standing: Standing
    entries: list[Entry]


class Because(BaseModel):
    """One thing that led to a ruling."""

    at: datetime | None = Field(
        description="When it happened; nothing for a question that was asked."
    )
    text: str
    ok: bool | None = Field(default=None, description="The answer, where this is a question.")


class Why(BaseModel):
    """The last ruling on a profile up to an instant, what came of it, and what led to it."""

    profile_id: UUID
    merged: list[UUID] = Field(default=[], description="Profiles that have become this one.")
    merged_into: UUID | None = Field(
        default=None, description="The profile that this one has become."
    )
    playbook: str | None
    verdict: str = Field(
        description="What came of it as one sentence: the delivery’s fate, else the ruling, else what is waited for."
    )
    tone: Tone
    because: list[Because] = Field(description="What led to it and what followed, in order.")
    decision: Entry | None
    entries: list[Entry] = Field(description="The records of the same enrollment.")
    complete: bool
