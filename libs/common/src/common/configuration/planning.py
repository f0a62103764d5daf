"""What publishing would change, as a value and in words."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from common.configuration.parsing import workspace_of
from common.configuration.values import Configuration, Content, Release

_KINDS = {"lead_model": "lead model", "tracking_plan": "tracking plan"}


@dataclass(frozen=True, slots=True)
class Change:
    """One content that comes, goes or becomes another."""

    action: Literal["added", "changed", "removed"]
    kind: str
    name: str
    old: Content | None
    new: Content | None

    @property
    def sentence(self) -> str:
        words = f"{_KINDS.get(self.kind, self.kind)} {self.name} is {self.action}"
        if self.action != "changed":
            return words
        return f"{words}: {', '.join(self._files())}"

    def diff(self) -> str:
        """The unified diff over all files."""
        return "".join(self._diffs())

    def _files(self) -> list[str]:
        old, new = self._texts()
        return sorted(path for path in {*old, *new} if old.get(path) != new.get(path))

    def _texts(self) -> tuple[Mapping[str, str], Mapping[str, str]]:
        return (self.old.files if self.old else {}), (self.new.files if self.new else {})

    def _diffs(self) -> Iterator[str]:
        old, new = self._texts()
        for path in self._files():
            title = f"{self.kind}/{self.name}/{path}"
            for line in difflib.unified_diff(
                old.get(path, "").splitlines(),
                new.get(path, "").splitlines(),
                f"{title} (now)" if path in old else "/dev/null",
                f"{title} (new)" if path in new else "/dev/null",
                lineterm="",
            ):
                yield line + "\n"


@dataclass(frozen=True, slots=True)
class WorkspacePlan:
    """The next release of one workspace and how it differs from the one in force."""

    workspace: str
    number: int
    """Of the next release; publish it only while the one before is still in force."""
    contents: tuple[Content, ...]
    live: bool
    changes: tuple[Change, ...]
    notes: tuple[str, ...]
    """What the publisher should know besides, such as that nobody is mailed."""
    live_changed: bool = False

    @property
    def empty(self) -> bool:
        return not self.changes and not self.live_changed


@dataclass(frozen=True, slots=True)
class Plan:
    """What `apply` would do."""

    workspaces: tuple[WorkspacePlan, ...]
    """Only those that would change."""
    unchanged: tuple[str, ...] = ()
    untouched: tuple[str, ...] = ()
    """Workspaces in force that the new contents do not mention: they stay as they are."""

    @property
    def empty(self) -> bool:
        return not self.workspaces

    def sentences(self) -> list[str]:
        lines: list[str] = []
        for plan in self.workspaces:
            said = (*(change.sentence for change in plan.changes), *plan.notes)
            lines += [f"{plan.workspace}: {sentence}" for sentence in said]
        lines += [f"{name}: nothing changes" for name in self.unchanged]
        lines += [f"{name}: not mentioned, stays as it is" for name in self.untouched]
        return lines


def plan(
    old: Configuration,
    new: Mapping[str, Sequence[Content]],
    *,
    live: bool = False,
    anyway: Collection[str] = (),
) -> Plan:
    """Compare the configuration in force with new contents per workspace.

    Args:
        old: What is in force.
        new: Workspace → the contents of its next release.
        live: Whether the publisher allows delivery outside the sink.
        anyway: Workspaces that get a release also where no content changes.

    Raises:
        ConfigurationError: a workspace's file cannot be read.
        PermanentError: `no_workspace`, its file is not among the contents.
    """
    plans = [_planned(name, old.release(name), new[name], live=live) for name in sorted(new)]
    same = {plan.workspace for plan in plans if plan.empty} - set(anyway)
    return Plan(
        workspaces=tuple(plan for plan in plans if plan.workspace not in same),
        unchanged=tuple(sorted(same)),
        untouched=tuple(sorted(set(old.releases) - set(new))),
    )


def _planned(
    name: str, release: Release | None, contents: Sequence[Content], *, live: bool
) -> WorkspacePlan:
    number = release.number + 1 if release else 1
    listed = tuple(sorted(contents, key=lambda content: content.key))
    was_live = release is not None and release.live
    return WorkspacePlan(
        workspace=name,
        number=number,
        contents=listed,
        live=live,
        changes=tuple(changes(release.contents if release else (), listed)),
        notes=tuple(_notes(Release(name, number, listed, live), was_live=was_live)),
        live_changed=live != was_live and release is not None,
    )


def changes(old: Sequence[Content], new: Sequence[Content]) -> Iterator[Change]:
    """How one list of contents differs from another, by kind and name."""
    before = {(content.kind, content.name): content for content in old}
    after = {(content.kind, content.name): content for content in new}
    for kind, name in sorted({*before, *after}):
        was, will = before.get((kind, name)), after.get((kind, name))
        if was is None:
            yield Change("added", kind, name, None, will)
        elif will is None:
            yield Change("removed", kind, name, was, None)
        elif was.hash != will.hash:
            yield Change("changed", kind, name, was, will)


def _notes(release: Release, *, was_live: bool) -> Iterator[str]:
    delivery = workspace_of(release).delivery
    if delivery.mode == "sink":
        yield "delivers to the sink: no customer is written to"
    elif not release.live:
        yield f"asks for delivery `{delivery.mode}` but is not live: delivers to the sink, use --live to change that"
    elif delivery.mode == "redirect":
        yield f"delivers everything to {delivery.address}"
    else:
        yield "delivers LIVE, to customers"
    if was_live and not release.live:
        yield "was live before and no longer is"
    if release.one("lead_model") is None:
        yield "has no lead model of its own: the built-in one scores"
