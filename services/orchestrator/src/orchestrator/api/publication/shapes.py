"""What a publisher sends and gets back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, field_validator

from common.contracts.configuration import Overdue, Policy
from common.documents import parse_duration

WorkspaceName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]{0,62}$")]


class Sent(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class SentContent(Sent):
    """One file or folder."""

    kind: str = Field(description="`workspace`, `playbook` or `lead_model`.")
    name: str
    files: Mapping[str, str] = Field(description="Path inside the folder → text.")


class SentOverdue(Sent):
    """How passages go on whose instant is over: `spread` over a while, `run` at once, `skip` what they would have said."""

    policy: Policy = "spread"
    over: str = Field(default="1h", description="How long `spread` takes to reach everybody.")

    @field_validator("over")
    @classmethod
    def _is_duration(cls, text: str) -> str:
        parse_duration(text)
        return text

    @property
    def words(self) -> str:
        match self.policy:
            case "spread":
                return f"spread over {self.over}"
            case "run":
                return "at once"
            case "skip":
                return "without what is overdue"

    @property
    def value(self) -> Overdue:
        return Overdue(self.policy, parse_duration(self.over))


class Choice(Sent):
    """What becomes of the passages of a playbook that are under way on other versions than the one that is sent."""

    under_way: Literal["drain", "migrate", "cancel"] = Field(
        description="They finish on their version; go on in the new one; end now."
    )
    steps: Mapping[str, str] = Field(
        default={},
        description="`migrate`: wait of their version → wait of the new one, by id. Not needed where id and kind are the same.",
    )
    overdue: SentOverdue = SentOverdue()


class Publication(Sent):
    """The whole wanted configuration of each workspace that is named; others stay as they are.

    `choices`, `pause` and `resume` go by the playbook's name, or by `workspace/playbook` where it concerns one workspace.
    """

    workspaces: Mapping[WorkspaceName, tuple[SentContent, ...]]
    live: bool = Field(
        default=False, description="Allow these workspaces to deliver outside the sink."
    )
    expected: Mapping[str, int] | None = Field(
        default=None,
        description="Per workspace the number of the release that was looked at (0: none); another one there is a conflict.",
    )
    choices: Mapping[str, Choice] = {}
    pause: tuple[str, ...] = Field(
        default=(),
        description="Playbooks of which nothing begins and nothing goes on but by exits, until they are resumed.",
    )
    resume: Mapping[str, SentOverdue] = Field(
        default={}, description="Playbooks that go on, and what becomes of what was held."
    )


class FoundProblem(BaseModel):
    """One thing that is wrong, and where."""

    file: str
    line: int = 1
    column: int = 1
    message: str
    suggestion: str | None = None
    rule: str = "language"
    """`language`: it cannot be read; else what was looked for."""
    severity: Literal["error", "warning"] = "error"


class PlannedChange(BaseModel):
    """One content that would be new, other or gone."""

    action: str
    kind: str
    name: str
    sentence: str
    diff: str


class PlannedWait(BaseModel):
    """Passages at one step of a version that is not the one of the plan, and what becomes of them."""

    version: str
    step: str = Field(description="Its id.")
    kind: str = Field(description="Such as `wait`; empty where the version cannot be read.")
    count: int
    held: int = Field(description="Of them, those that a pause holds.")
    becomes: str = Field(description="`drain`, `migrate` or `cancel`.")
    to_step: str | None = Field(default=None, description="Where they go on.")

    @property
    def sentence(self) -> str:
        where = f"{self.count} at `{self.step}`{f' ({self.kind})' if self.kind else ''}"
        held = f", {self.held} of them held" if self.held else ""
        what = {
            "migrate": f"go on at `{self.to_step}`",
            "cancel": "end now",
            "drain": "finish on their version",
        }[self.becomes]
        return f"{where} of {self.version[:8]}{held}: {what}"


class PlannedPassages(BaseModel):
    """What becomes of the passages of one playbook."""

    playbook: str
    old: str | None = Field(description="The version in force.")
    new: str | None = Field(description="The version of the plan; nothing where it is removed.")
    under_way: int
    held: int
    paused: bool
    resumes: SentOverdue | None = Field(default=None, description="How what was held goes on.")
    waits: list[PlannedWait]

    def sentences(self) -> Iterator[str]:
        """What a publisher should know; nothing where nothing is under way and nothing was chosen."""
        name = self.playbook
        if self.paused:
            yield f"{name} is paused: nobody begins, {self.under_way} under way go on by exits only"
        if self.resumes is not None:
            yield f"{name} is no longer paused: {self.held} held go on, {self.resumes.words}"
        if self.waits:
            old, new = ((hash_ or "nothing")[:8] for hash_ in (self.old, self.new))
            yield f"{name} {f'stays {new}' if old == new else f'{old} → {new}'}, {self.under_way} under way"
        for wait in self.waits:
            yield f"{name}: {wait.sentence}"


class PlannedRelease(BaseModel):
    """What would change for one workspace."""

    workspace: str
    number: int = Field(description="Of the release that it would be.")
    changes: list[PlannedChange]
    notes: list[str] = Field(
        description="What else a publisher should know, such as where mails go."
    )
    live: bool
    passages: list[PlannedPassages] = Field(
        default=[],
        description="Per playbook that changes or was chosen for, where its passages are.",
    )


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
    paused: list[str] = Field(default=[], description="Playbooks, sorted.")


class PublishedContent(BaseModel):
    """A content as it was published, in force or not: what is sent again is a rollback."""

    kind: str
    name: str
    hash: str
    files: Mapping[str, str]


class Refused(BaseModel):
    """Why nothing was published."""

    error: str
    detail: str
    problems: list[FoundProblem] = []
    changes: list[PlannedChange] = Field(
        default=[],
        description="`release_moved`: what changed since the release that was looked at.",
    )
