"""Playbooks and their passages as the api takes and gives them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from orchestrator.api.publication.shapes import SentOverdue, WorkspaceName

MOST = 1_000
"""Profiles that one call may name."""
Profiles = Annotated[tuple[UUID, ...], Field(min_length=1, max_length=MOST)]


class Asked(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    workspace: WorkspaceName


class Enrolling(Asked):
    """Who shall enter, and what their passage is told of it."""

    profiles: Profiles
    name: str | None = Field(
        default=None,
        max_length=200,
        description="The trigger's name as steps and templates know it; default: that of the playbook's `api` trigger, else `Enrolled`.",
    )
    properties: Mapping[str, Any] = Field(
        default={}, max_length=100, description="`trigger.properties` of the passage."
    )
    request_id: str | None = Field(
        default=None,
        max_length=200,
        description="The same call again, such as after a 503, has the same one: a passage that is under way by it does not begin twice.",
    )


class Cancelling(Asked):
    """Whose passages shall end."""

    profiles: Profiles
    enrollment_id: UUID | None = Field(
        default=None, description="This passage alone; without it every passage in the playbook."
    )


class Pausing(Asked):
    """Where it shall be paused."""


class Resuming(Asked):
    """Where it shall go on, and what becomes of what was held."""

    overdue: SentOverdue = SentOverdue()


class Commanded(BaseModel):
    """Commands that the log has acknowledged; the fold of each profile carries them out within a second."""

    commands: list[UUID] = Field(description="Their ids, in the order of the profiles.")


class Resting(BaseModel):
    """How many passages rest at one step."""

    version: str
    step: str = Field(description="Its id.")
    kind: str = Field(description="Such as `wait`; empty where the version cannot be read.")
    count: int
    held: int = Field(description="Of them, those that a pause holds.")


class Listed(BaseModel):
    """A playbook in one workspace."""

    workspace: str
    playbook: str
    version: str | None = Field(description="In force; nothing where passages only finish.")
    paused: bool
    under_way: int
    held: int


class Told(Listed):
    """A playbook, what it says and who waits where."""

    purpose: str
    begins: list[str] = Field(description="What begins a passage, in words.")
    parameters: Mapping[str, str] = Field(description="As the workspace has them.")
    files: Mapping[str, str]
    waits: list[Resting]


class Person(BaseModel):
    """One passage under way."""

    profile_id: UUID
    enrollment_id: UUID
    version: str
    step: str
    kind: str
    entered_at: datetime
    moved_at: datetime
    held: bool


class People(BaseModel):
    """A page of passages."""

    people: list[Person]
    next: str | None = Field(
        description="Hand it over as `after` for the next page; nothing: this is the last."
    )


class Selecting(Asked):
    """A question to every customer."""

    where: str = Field(
        max_length=2000,
        description="A segment of the workspace, or a condition on `customer` and `now`, such as `customer.orders.count >= 2`.",
    )
    after: str | None = None


class Selected(BaseModel):
    """Those of a page of customers for whom it holds."""

    profiles: list[UUID]
    looked_at: int
    next: str | None
