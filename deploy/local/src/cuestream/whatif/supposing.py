"""Which playbooks are in force, batch by batch: as they were, or with a candidate in the place of one."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from common.configuration import Configuration, Content, Release
from common.recovery.history import Entry, Releases
from cuestream.whatif.glancing import Attention
from cuestream.whatif.question import Candidate, Question
from cuestream.whatif.world import Table
from orchestrator.consumer import handlers, libraries
from orchestrator.domain.library import KIND

JOURNEY: Final = "journey.yaml"
_EMITS: Final = "emit"


@dataclass(frozen=True, slots=True)
class Rules:
    """By what a batch is folded."""

    configuration: Configuration
    table: Table
    attention: Attention


@dataclass(slots=True)
class InForce:
    """The folds of one workspace under the release that a batch was folded with."""

    releases: Releases
    question: Question
    _made: dict[tuple[int, bool], Rules] = field(default_factory=dict)

    def at(self, entry: Entry) -> Rules:
        """The rules of a batch.

        Raises:
            PermanentError: `release_unknown`.
        """
        number = entry.batch.releases.get(self.question.workspace, 0)
        since = self.question.since
        supposed = since is None or entry.at >= since
        known = self._made.get((number, supposed))
        if known is None:
            configuration = self._configuration(number, supposed=supposed)
            known = self._made[number, supposed] = Rules(
                configuration,
                handlers(configuration),
                Attention.of(libraries(configuration)(self.question.workspace)),
            )
        return known

    def _configuration(self, number: int, *, supposed: bool) -> Configuration:
        if not number:
            return Configuration()  # the workspace was not there yet
        workspace, candidate = self.question.workspace, self.question.candidate
        was = self.releases.at({workspace: number})
        if candidate is None:
            return was
        release = _alone(was.releases[workspace], self.question.playbook)
        if supposed:
            release = with_candidate(release, candidate)
        own = {content.key: content for content in release.contents}
        return Configuration({workspace: release}, {**was.contents, **own})


def _alone(release: Release, playbook: str) -> Release:
    """Without the playbooks that have no say in what becomes of this one."""
    concerned = playbooks_of(release, {playbook})
    others = (content for content in release.contents if content.kind != KIND)
    return replace(release, contents=(*others, *concerned))


def playbooks_of(release: Release, named: Collection[str]) -> Iterator[Content]:
    """Those that are named, and those that tell the others something."""
    for content in release.all(KIND):
        if content.name in named or _EMITS in content.files.get(JOURNEY, ""):
            yield content


def with_candidate(release: Release, candidate: Candidate) -> Release:
    """As if that had been published: whoever is under way on another version finishes there."""
    playbook, workspace = candidate.playbook, candidate.workspace
    replaced = {(playbook.kind, playbook.name): playbook}
    if workspace is not None:
        replaced[workspace.kind, workspace.name] = workspace
    kept = (one for one in release.contents if (one.kind, one.name) not in replaced)
    return replace(
        release,
        contents=tuple(sorted((*kept, *replaced.values()), key=lambda one: one.key)),
        transitions=tuple(one for one in release.transitions if one.playbook != playbook.name),
    )


def newest(releases: Releases) -> Mapping[str, int]:
    """The number of each workspace's newest release."""
    found: dict[str, int] = {}
    for workspace, number in releases.released:
        found[workspace] = max(number, found.get(workspace, 0))
    return found
