"""Published configuration as values: contents by hash, releases by workspace."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from common.contracts.configuration import ConfigurationReleased, Resumption, Transition


@dataclass(frozen=True, slots=True)
class Content:
    """One published file or folder."""

    kind: str
    """`workspace`, `tracking_plan`, `playbook` or `lead_model`."""
    name: str
    hash: str
    files: Mapping[str, str]
    """Path inside the folder → text."""

    @property
    def key(self) -> str:
        return f"{self.kind}/{self.name}@{self.hash}"


@dataclass(frozen=True, slots=True)
class Release:
    """What is in force for one workspace."""

    workspace: str
    number: int
    contents: tuple[Content, ...]
    live: bool = False
    """Whether `apply --live` allowed delivery outside the sink."""
    transitions: tuple[Transition, ...] = ()
    """What becomes of passages on other versions, at most one a playbook."""
    paused: tuple[str, ...] = ()
    """Playbooks, sorted."""
    resumed: tuple[Resumption, ...] = ()

    @classmethod
    def of(
        cls, workspace: str, released: ConfigurationReleased, contents: tuple[Content, ...]
    ) -> Release:
        """The release that a record tells of, with its contents."""
        return cls(
            workspace,
            released.number,
            contents,
            released.live,
            released.transitions,
            released.paused,
            released.resumed,
        )

    def all(self, kind: str) -> Iterator[Content]:
        return (content for content in self.contents if content.kind == kind)

    def one(self, kind: str, name: str | None = None) -> Content | None:
        return next((c for c in self.all(kind) if name is None or c.name == name), None)


@dataclass(frozen=True, slots=True)
class Configuration:
    """Everything that a process knows of configuration at one moment; compare by identity."""

    releases: Mapping[str, Release] = field(default_factory=dict)
    contents: Mapping[str, Content] = field(default_factory=dict)
    """By key; older ones stay for enrollments that run on them."""

    def release(self, workspace: str) -> Release | None:
        return self.releases.get(workspace)
