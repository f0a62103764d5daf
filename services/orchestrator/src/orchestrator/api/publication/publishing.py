"""Publishes: from what was sent to a stored release, and from the store to the topic."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

from common.clock import Clock
from common.configuration import Configuration, Content, Plan, Release, content_of, plan
from common.errors import PermanentError, TransientError
from orchestrator.api.publication.checks import check
from orchestrator.api.publication.shapes import (
    Applied,
    FoundProblem,
    InForce,
    Planned,
    PlannedChange,
    PlannedRelease,
    Publication,
)
from orchestrator.ports.publication import Announce, Draft, Publications

FIRST_PAUSE = 0.5
LONGEST_PAUSE = 30.0
"""Seconds between two tries to announce what the topic did not take."""


class ProblemsError(PermanentError):
    """The configuration has problems; nothing of it was stored."""

    def __init__(self, problems: Sequence[FoundProblem]) -> None:
        super().__init__(
            "configuration_invalid", f"{len(problems)} problems; nothing was published"
        )
        self.problems = tuple(problems)


class Publisher:
    """Plans and applies publications."""

    def __init__(self, publications: Publications, announce: Announce, clock: Clock) -> None:
        self._publications = publications
        self._announce = announce
        self._clock = clock
        self._wanted = asyncio.Event()

    async def in_force(self) -> list[InForce]:
        """The newest release of every workspace.

        Raises:
            TransientError: the store cannot be reached.
        """
        return [
            InForce(
                workspace=release.workspace,
                number=release.number,
                live=release.live,
                contents=sorted(content.key for content in release.contents),
            )
            for release in (await self._publications.current()).values()
        ]

    async def plan(self, publication: Publication) -> Planned:
        """Say what would change.

        Raises:
            ProblemsError: it has problems.
            TransientError: the store cannot be reached.
        """
        current = await self._publications.current()
        return _planned(_plan(publication, current), publication, current)

    async def apply(self, publication: Publication, *, by: str) -> Applied:
        """Publish what differs, and return when the topic has acknowledged it.

        Raises:
            ProblemsError: it has problems.
            PermanentError: `release_moved`, somebody else published since the plan.
            TransientError: the store cannot be reached; or, `not_announced`, it is stored and follows by itself.
        """
        current = await self._publications.current()
        _expect(publication, current)
        wanted = _plan(publication, current)
        drafts = [
            Draft(part.workspace, part.number - 1, part.contents, part.live)
            for part in wanted.workspaces
        ]
        if drafts:
            await self._publications.publish(drafts, by=by, at=self._clock())
        try:
            await self._announce_all()
        except TransientError as error:
            self._wanted.set()
            detail = "stored; it is announced as soon as the log can be reached"
            raise TransientError("not_announced", detail) from error
        planned = _planned(wanted, publication, current)
        return Applied(**planned.model_dump(), published=bool(drafts))

    async def keep_announced(self) -> None:
        """Announce what a crash or an absent log left over, now and whenever it happens; runs until cancelled."""
        pause = FIRST_PAUSE
        while True:
            try:
                await self._announce_all()
            except TransientError:
                await asyncio.sleep(pause)
                pause = min(pause * 2, LONGEST_PAUSE)
                continue
            pause = FIRST_PAUSE
            await self._wanted.wait()
            self._wanted.clear()

    async def _announce_all(self) -> None:
        while await self._publications.announce_next(self._announce):
            pass


def _plan(publication: Publication, current: Mapping[str, Release]) -> Plan:
    wanted = {
        workspace: tuple(
            sorted(
                (content_of(sent.kind, sent.name, sent.files) for sent in contents),
                key=lambda content: content.key,
            )
        )
        for workspace, contents in publication.workspaces.items()
    }
    problems = [
        problem for workspace, contents in wanted.items() for problem in check(workspace, contents)
    ]
    if problems:
        raise ProblemsError(_once(problems))
    old = Configuration(releases=current, contents=_contents(current))
    return plan(old, wanted, live=publication.live)


def _once(problems: Sequence[FoundProblem]) -> list[FoundProblem]:
    """A playbook that several workspaces use has its problems once."""
    return list({problem.model_dump_json(): problem for problem in problems}.values())


def _contents(current: Mapping[str, Release]) -> dict[str, Content]:
    return {content.key: content for release in current.values() for content in release.contents}


def _expect(publication: Publication, current: Mapping[str, Release]) -> None:
    for workspace, number in (publication.expected or {}).items():
        there = _number(current, workspace)
        if there != number:
            detail = f"{workspace} is at release {there}, not {number}: look at the plan again"
            raise PermanentError("release_moved", detail)


def _number(current: Mapping[str, Release], workspace: str) -> int:
    release = current.get(workspace)
    return 0 if release is None else release.number


def _planned(wanted: Plan, publication: Publication, current: Mapping[str, Release]) -> Planned:
    return Planned(
        sentences=wanted.sentences(),
        releases=[
            PlannedRelease(
                workspace=part.workspace,
                number=part.number,
                changes=[
                    PlannedChange(
                        action=change.action,
                        kind=change.kind,
                        name=change.name,
                        sentence=change.sentence,
                        diff=change.diff(),
                    )
                    for change in part.changes
                ],
                notes=list(part.notes),
                live=part.live,
            )
            for part in wanted.workspaces
        ],
        expected={workspace: _number(current, workspace) for workspace in publication.workspaces},
    )
