"""What becomes of the passages under way: what a publisher chose, held against where the passages are."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import TypeVar

from msgspec.structs import replace

from common.configuration import Content, Release
from common.contracts.configuration import Resumption, Transition
from common.errors import PermanentError
from orchestrator.api.publication.shapes import (
    Choice,
    PlannedPassages,
    PlannedWait,
    Publication,
    SentOverdue,
)
from orchestrator.domain.journey import Journey
from orchestrator.domain.library import KIND, Library
from orchestrator.domain.passage import place_in, waits, without_place
from orchestrator.ports.publication import UnderWay

T = TypeVar("T")
SHOWN = 8
"""Characters of a hash that people compare."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a publisher says of one workspace's playbooks, by name."""

    choices: Mapping[str, Choice]
    pause: Collection[str]
    resume: Mapping[str, SentOverdue]

    @property
    def named(self) -> set[str]:
        return {*self.choices, *self.pause, *self.resume}


def wanted_of(publication: Publication, workspace: str) -> Wanted:
    """What is said of one workspace: by the playbook's name, or by `workspace/playbook`."""
    return Wanted(
        choices=_own(publication.choices, workspace),
        pause=_own(dict.fromkeys(publication.pause), workspace).keys(),
        resume=_own(publication.resume, workspace),
    )


def _own(said: Mapping[str, T], workspace: str) -> Mapping[str, T]:
    everywhere = {name: one for name, one in said.items() if "/" not in name}
    prefix = f"{workspace}/"
    here = {n.removeprefix(prefix): one for n, one in said.items() if n.startswith(prefix)}
    return everywhere | here


@dataclass(slots=True)
class Chosen:
    """What the next release says of passages, and what comes of it."""

    transitions: list[Transition] = field(default_factory=list)
    paused: set[str] = field(default_factory=set)
    resumed: dict[str, Resumption] = field(default_factory=dict)
    passages: list[PlannedPassages] = field(default_factory=list)
    problems: list[tuple[str, str]] = field(default_factory=list)
    """Playbook and what is wrong with what was chosen for it."""
    without_effect: dict[str, str] = field(default_factory=dict)
    """What was named and means nothing here, with why; it may in another workspace."""

    def says(
        self,
    ) -> tuple[tuple[Transition, ...], tuple[str, ...], tuple[Resumption, ...]]:
        """As a release holds it."""
        resumed = (self.resumed[name] for name in sorted(self.resumed))
        return tuple(self.transitions), tuple(sorted(self.paused)), tuple(resumed)


def concerned(release: Release | None, contents: Sequence[Content], wanted: Wanted) -> set[str]:
    """The playbooks of which it has to be known where their passages are."""
    before, after = _versions(release.contents if release else ()), _versions(contents)
    changed = {n for n in before.keys() | after.keys() if before.get(n) != after.get(n)}
    moving = {one.playbook for one in release.transitions} if release else set()
    return changed | moving | wanted.named


@dataclass(frozen=True)
class Choosing:
    """One workspace's, at one moment."""

    release: Release | None
    """In force."""
    contents: Sequence[Content]
    """Of the next one."""
    wanted: Wanted
    under_way: Sequence[UnderWay]
    """Of all playbooks that are concerned."""
    library: Library
    """Knows every version on which somebody is, and those of the next release."""
    now: datetime

    @cached_property
    def before(self) -> Mapping[str, str]:
        return _versions(self.release.contents if self.release else ())

    @cached_property
    def after(self) -> Mapping[str, str]:
        return _versions(self.contents)

    def chosen(self) -> Chosen:
        """What the next release says.

        Raises:
            PermanentError: `transition_under_way`, those whom an earlier publication moves have not arrived.
        """
        found = Chosen()
        there = {*self.before, *self.after, *(one.playbook for one in self.under_way)}
        for name in self.wanted.named - there:
            found.without_effect[name] = f"there is no playbook `{name}`"
        self._pause(found, there)
        known = {one.playbook: one for one in self.release.transitions} if self.release else {}
        for name in sorted(concerned(self.release, self.contents, self.wanted) & there):
            transition = self._transition(name, known.get(name), found)
            if transition is not None:
                found.transitions.append(transition)
            found.passages.append(self._planned(name, transition, found))
        return found

    def _pause(self, found: Chosen, there: Collection[str]) -> None:
        release, wanted = self.release, self.wanted
        paused = set(release.paused) if release else set()
        before = {one.playbook: one for one in release.resumed} if release else {}
        pausing = {name for name in wanted.pause if name in there}
        found.paused = (paused | pausing) - wanted.resume.keys()
        found.resumed = {name: one for name, one in before.items() if name not in pausing}
        for name, overdue in wanted.resume.items():
            if name in pausing:
                found.problems.append((name, "it cannot be paused and go on at once"))
            elif name in paused or name in before:
                found.resumed[name] = Resumption(playbook=name, overdue=overdue.value)
            else:
                found.without_effect.setdefault(name, f"`{name}` is not paused")

    def _transition(self, name: str, known: Transition | None, found: Chosen) -> Transition | None:
        to = self.after.get(name, "")
        if known is not None and known.to != to:
            left = sum(row.count for row in self._rows(name) if self._becomes(row, known)[0])
            if left:
                detail = f"{left} passages of {name} are still to be moved to {_short(known.to)}"
                raise PermanentError("transition_under_way", f"{detail}; publish it after that")
            known = None
        choice = self.wanted.choices.get(name)
        if choice is None:
            return known
        if choice.under_way == "drain":
            return None
        transition = Transition(
            playbook=name,
            to=to,
            under_way=choice.under_way,
            steps=dict(choice.steps),
            overdue=choice.overdue.value,
            at=self.now,
        )
        if choice.under_way == "migrate":
            found.problems += [(name, problem) for problem in self._wrong(name, choice.steps)]
        # Who asks for the same once more changes nothing.
        if known is not None and replace(known, at=self.now) == transition:
            return known
        return transition

    def _wrong(self, name: str, steps: Mapping[str, str]) -> Iterator[str]:
        """What is wrong with a map of steps."""
        if name not in self.after:
            yield "it is no longer published, so that there is nothing to migrate to: drain or cancel"
            return
        new = self.library.version(name, self.after[name])
        places = _waits(new)
        olds = [old for old in map(self._journey, *self._olds(name)) if old is not None]
        known = {id_ for old in olds for id_ in _waits(old)}
        for from_, to in sorted(steps.items()):
            if from_ not in known:
                yield f"no version under way has a wait `{from_}`; they have {_listed(known)}"
            if to not in places:
                yield f"the new version has no wait `{to}`; it has {_listed(places)}"
        for old in olds:
            yield from self._homeless(name, old, new, steps)

    def _homeless(
        self, name: str, old: Journey, new: Journey, steps: Mapping[str, str]
    ) -> Iterator[str]:
        counts = {r.step: r.count for r in self._rows(name) if r.version == old.version}
        for place in without_place(old, new, steps):
            count, placed = counts.get(place, 0), old.steps[place]
            # On the version in force somebody may come to any step before the publication is everywhere.
            if placed.id not in steps and (count or self.before.get(name) == old.version):
                yield (
                    f"{count} wait at `{placed.id}` ({placed.step.KIND}) of {_short(old.version)}, and the new"
                    f" version has no such step: say where they go on, {name}=migrate:{placed.id}=STEP"
                    f" with one of {_listed(_waits(new))}"
                )

    def _olds(self, name: str) -> tuple[Sequence[str], Sequence[str]]:
        versions = {row.version for row in self._rows(name)} | {self.before.get(name, "")}
        others = sorted(versions - {self.after.get(name, ""), ""})
        return [name] * len(others), others

    def _journey(self, name: str, version: str) -> Journey | None:
        try:
            return self.library.version(name, version)
        except PermanentError:
            return None

    def _rows(self, name: str) -> Iterator[UnderWay]:
        return (row for row in self.under_way if row.playbook == name)

    def _becomes(self, row: UnderWay, transition: Transition | None) -> tuple[str, str | None]:
        """What a transition does to those at a step, and the step where they go on; nothing where they stay."""
        if transition is None or row.version == transition.to:
            return "", None
        if transition.under_way == "cancel":
            return "cancel", None
        old = self._journey(row.playbook, row.version)
        new = self._journey(row.playbook, transition.to)
        if old is None or new is None:
            return "", None
        place = place_in(old, row.step, new, transition.steps)
        return ("", None) if place is None else ("migrate", new.steps[place].id)

    def _planned(self, name: str, transition: Transition | None, found: Chosen) -> PlannedPassages:
        rows = list(self._rows(name))
        to = self.after.get(name)
        return PlannedPassages(
            playbook=name,
            old=self.before.get(name),
            new=to,
            under_way=sum(row.count for row in rows),
            held=sum(row.held for row in rows),
            paused=name in found.paused,
            resumes=self.wanted.resume.get(name),
            waits=[self._wait(row, transition) for row in rows if row.version != to],
        )

    def _wait(self, row: UnderWay, transition: Transition | None) -> PlannedWait:
        old = self._journey(row.playbook, row.version)
        becomes, to_step = self._becomes(row, transition)
        return PlannedWait(
            version=row.version,
            step=str(row.step) if old is None else old.steps[row.step].id,
            kind="" if old is None else old.steps[row.step].step.KIND,
            count=row.count,
            held=row.held,
            becomes=becomes or "drain",
            to_step=to_step,
        )


def _versions(contents: Sequence[Content]) -> Mapping[str, str]:
    return {content.name: content.hash for content in contents if content.kind == KIND}


def _waits(journey: Journey) -> list[str]:
    return [placed.id for placed in journey.steps if waits(placed)]


def _listed(ids: Collection[str]) -> str:
    return ", ".join(f"`{id_}`" for id_ in sorted(ids)) or "none"


def _short(version: str) -> str:
    return version[:SHOWN] or "nowhere"
