"""What a publisher intends: read, checked, counted, and said in words before anything of it is stored."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from common.configuration import (
    Change,
    Configuration,
    Content,
    Plan,
    Release,
    WorkspacePlan,
    content_of,
    plan,
    workspace_of,
)
from common.errors import PermanentError
from orchestrator.api.publication.checks import check
from orchestrator.api.publication.choosing import Choosing, Chosen, Wanted, concerned, wanted_of
from orchestrator.api.publication.shapes import (
    FoundProblem,
    Planned,
    PlannedChange,
    PlannedRelease,
    Publication,
)
from orchestrator.domain.library import KIND, Library
from orchestrator.domain.playbook import JOURNEY_FILE
from orchestrator.ports.publication import Publications


class ProblemsError(PermanentError):
    """The configuration has problems; nothing of it was stored."""

    def __init__(self, problems: Sequence[FoundProblem]) -> None:
        super().__init__(
            "configuration_invalid", f"{len(problems)} problems; nothing was published"
        )
        self.problems = tuple(problems)


@dataclass(frozen=True, slots=True)
class Intended:
    """What is to be published, checked."""

    plan: Plan
    chosen: Mapping[str, Chosen]
    """By workspace, also of those that do not change."""


async def intended(
    publication: Publication,
    current: Mapping[str, Release],
    publications: Publications,
    now: datetime,
) -> Intended:
    """Read, check and count what is to be published.

    Raises:
        ProblemsError: it has problems.
        PermanentError: `transition_under_way`, what an earlier publication moves has not arrived.
        TransientError: the store cannot be reached.
    """
    wanted = _wanted(publication)
    _check(wanted)
    chosen = {
        name: await _chosen(
            wanted_of(publication, name), name, contents, current.get(name), publications, now
        )
        for name, contents in wanted.items()
    }
    problems = [
        FoundProblem(file=f"playbooks/{playbook}/{JOURNEY_FILE}", message=f"{name}: {message}")
        for name, one in chosen.items()
        for playbook, message in one.problems
    ]
    problems += _without_effect(publication, chosen)
    if problems:
        raise ProblemsError(problems)
    old = Configuration(releases=current, contents=_contents(current))
    anyway = [n for n, one in chosen.items() if _says_other(one, current.get(n))]
    return Intended(plan(old, wanted, live=publication.live, anyway=anyway), chosen)


async def _chosen(
    wanted: Wanted,
    workspace: str,
    contents: Sequence[Content],
    release: Release | None,
    publications: Publications,
    now: datetime,
) -> Chosen:
    """What the next release says of passages under way, by where they are now."""
    names = concerned(release, contents, wanted)
    rows = await publications.under_way(workspace, names) if names else ()
    keys = {f"{KIND}/{row.playbook}@{row.version}" for row in rows}
    known = {one.key: one for one in (*(release.contents if release else ()), *contents)}
    known |= await publications.contents(keys - known.keys())
    settings = workspace_of(Release(workspace, 0, tuple(contents)))
    zone = ZoneInfo(settings.contact_policy.time_zone)
    library = Library((), known, settings.parameters, zone)
    return Choosing(release, contents, wanted, rows, library, now).chosen()


def _wanted(publication: Publication) -> Mapping[str, tuple[Content, ...]]:
    return {
        workspace: tuple(
            sorted(
                (content_of(sent.kind, sent.name, sent.files) for sent in contents),
                key=lambda content: content.key,
            )
        )
        for workspace, contents in publication.workspaces.items()
    }


def _check(wanted: Mapping[str, tuple[Content, ...]]) -> None:
    problems = [
        problem for workspace, contents in wanted.items() for problem in check(workspace, contents)
    ]
    if problems:
        raise ProblemsError(_once(problems))


def _without_effect(
    publication: Publication, chosen: Mapping[str, Chosen]
) -> Iterator[FoundProblem]:
    """What was named and means nothing in any workspace that it names."""
    for said in sorted({*publication.choices, *publication.pause, *publication.resume}):
        workspace, slash, name = said.rpartition("/")
        meant = [one for there, one in chosen.items() if not slash or there == workspace]
        if all(name in one.without_effect for one in meant):
            why = next((one.without_effect[name] for one in meant), f"`{workspace}` is not sent")
            yield FoundProblem(file=f"playbooks/{name}/{JOURNEY_FILE}", message=why)


def _says_other(chosen: Chosen, release: Release | None) -> bool:
    """Whether the next release says something else of passages under way than the one in force."""
    before = (release.transitions, release.paused, release.resumed) if release else ((), (), ())
    return chosen.says() != before


def _once(problems: Sequence[FoundProblem]) -> list[FoundProblem]:
    """A playbook that several workspaces use has its problems once."""
    return list({problem.model_dump_json(): problem for problem in problems}.values())


def _contents(current: Mapping[str, Release]) -> dict[str, Content]:
    return {content.key: content for release in current.values() for content in release.contents}


def number_of(current: Mapping[str, Release], workspace: str) -> int:
    release = current.get(workspace)
    return 0 if release is None else release.number


def planned(what: Intended, publication: Publication, current: Mapping[str, Release]) -> Planned:
    releases = [_release(part, what) for part in what.plan.workspaces]
    told = [
        f"{release.workspace}: {sentence}"
        for release in releases
        for passages in release.passages
        for sentence in passages.sentences()
    ]
    return Planned(
        sentences=[*what.plan.sentences(), *told],
        releases=releases,
        expected={workspace: number_of(current, workspace) for workspace in publication.workspaces},
    )


def _release(part: WorkspacePlan, what: Intended) -> PlannedRelease:
    return PlannedRelease(
        workspace=part.workspace,
        number=part.number,
        changes=[change_of(change) for change in part.changes],
        notes=list(part.notes),
        live=part.live,
        passages=what.chosen[part.workspace].passages,
    )


def change_of(change: Change) -> PlannedChange:
    return PlannedChange(
        action=change.action,
        kind=change.kind,
        name=change.name,
        sentence=change.sentence,
        diff=change.diff(),
    )
