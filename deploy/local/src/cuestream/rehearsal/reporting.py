"""All tests of a playbook at once, with what they did not go through."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from common.configuration import Content, Release, workspace_of
from common.documents import DocumentError, Finding
from cuestream.rehearsal.coverage import Coverage, coverage_of
from cuestream.rehearsal.playing import Outcome, play
from cuestream.rehearsal.scenario import read_scenarios
from orchestrator.consumer import adapters_of
from orchestrator.domain.library import KIND, Library
from orchestrator.domain.playbook import parse_playbook


@dataclass(frozen=True, slots=True)
class Report:
    """How the tests of one playbook went."""

    playbook: str
    outcomes: tuple[Outcome, ...]
    coverage: Coverage
    problems: tuple[Finding, ...] = ()
    """What is wrong with the test files themselves."""

    @property
    def good(self) -> bool:
        return not self.problems and not any(outcome.failures for outcome in self.outcomes)


def rehearse(content: Content, release: Release, files: Mapping[str, str]) -> Report:
    """Play every scenario of the playbook's test files, each in the workspace with the scenario's own parameters.

    Raises:
        DocumentError: the playbook itself is wrong.
    """
    workspace = workspace_of(release)
    zone = ZoneInfo(workspace.contact_policy.time_zone)
    own = dict(workspace.parameters.get(content.name, {}))
    segments = workspace.segments
    journey = parse_playbook(
        content.name, content.hash, content.files, own, zone=zone, segments=segments
    )
    outcomes: list[Outcome] = []
    problems: list[Finding] = []
    for file, text in sorted(files.items()):
        try:
            for scenario in read_scenarios(file, text):
                overrides = {**own, **scenario.parameters}
                # A parameter that the playbook does not have is a mistake of the test.
                parse_playbook(
                    content.name,
                    content.hash,
                    content.files,
                    overrides,
                    zone=zone,
                    segments=segments,
                )
                parameters = {**workspace.parameters, content.name: overrides}
                known, adapters = {content.key: content}, adapters_of(workspace)
                library = Library(
                    release.all(KIND), known, parameters, zone, adapters, segments=segments
                )
                outcomes.append(play(scenario, library, content.name))
        except DocumentError as error:
            problems += [_in_test(finding, file) for finding in error.findings]
    told = [payload for outcome in outcomes for payload in outcome.told]
    return Report(content.name, tuple(outcomes), coverage_of(journey, told), tuple(problems))


def _in_test(finding: Finding, file: str) -> Finding:
    return finding if finding.file == file else Finding(file, 1, 1, finding.text)
