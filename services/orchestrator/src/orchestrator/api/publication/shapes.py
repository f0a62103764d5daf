"""What a publisher sends and gets back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

WorkspaceName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]{0,62}$")]


class Sent(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class SentContent(Sent):
    """One file or folder."""

    kind: str = Field(description="`workspace`, `playbook` or `lead_model`.")
    name: str
    files: Mapping[str, str] = Field(description="Path inside the folder → text.")


class Publication(Sent):
    """The whole wanted configuration of each workspace that is named; others stay as they are."""

    workspaces: Mapping[WorkspaceName, tuple[SentContent, ...]]
    live: bool = Field(
        default=False, description="Allow these workspaces to deliver outside the sink."
    )
    expected: Mapping[str, int] | None = Field(
        default=None,
        description="Per workspace the number of the release that was looked at (0: none); another one there is a conflict.",
    )


class FoundProblem(BaseModel):
    """One thing that is wrong, and where."""

    file: str
    line: int = 1
    column: int = 1
    message: str
    suggestion: str | None = None


class PlannedChange(BaseModel):
    """One content that would be new, other or gone."""

    action: str
    kind: str
    name: str
    sentence: str
    diff: str


class PlannedRelease(BaseModel):
    """What would change for one workspace."""

    workspace: str
    number: int = Field(description="Of the release that it would be.")
    changes: list[PlannedChange]
    notes: list[str] = Field(
        description="What else a publisher should know, such as where mails go."
    )
    live: bool


class Planned(BaseModel):
    """What `apply` would do, in words; `releases` is empty where nothing would change."""

    sentences: list[str]
    releases: list[PlannedRelease]
    expected: dict[str, int] = Field(
        description="Hand this to `apply`, so that it does what was looked at."
    )


class Applied(Planned):
    """What `apply` did."""

    published: bool = Field(description="False where everything was in force already.")


class InForce(BaseModel):
    """What is published for one workspace."""

    workspace: str
    number: int
    live: bool
    contents: list[str] = Field(description="`kind/name@hash`, sorted.")


class Refused(BaseModel):
    """Why nothing was published."""

    error: str
    detail: str
    problems: list[FoundProblem] = []
