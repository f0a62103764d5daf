"""All that can be found wrong with a playbook without playing it: what it says, where it leads, its templates."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from common.configuration import Content, Release, workspace_of
from dispatcher.domain.templates import find_problems
from ingest.domain.vocabulary import CANONICAL
from orchestrator.api.publication.checks import examine, file_of
from orchestrator.api.publication.shapes import FoundProblem
from orchestrator.domain.picture import draw as drawn
from orchestrator.domain.playbook import parse_playbook

_PLACE: Final = re.compile(
    r"(?P<file>[^:]+)(?::(?P<line>\d+))?(?::(?P<column>\d+))?: (?P<message>.*)", re.DOTALL
)


def check(content: Content, release: Release) -> list[FoundProblem]:
    """The problems of one playbook in its workspace, sorted by place.

    Each is `{file, line, column, message, suggestion, rule, severity}`; `severity` is `error`, which keeps it from being
    published, or `warning`.
    """
    home = file_of(content, "")
    found = examine(release.workspace, release.contents, frozenset(CANONICAL))
    own = [problem for problem in found if problem.file.startswith(home)]
    return sorted([*own, *_of_templates(content)], key=lambda one: (one.file, one.line, one.column))


def _of_templates(content: Content) -> Iterator[FoundProblem]:
    for error in find_problems(content.files):
        place = _PLACE.fullmatch(error.detail)
        if place is None:
            yield FoundProblem(file=file_of(content, ""), message=error.detail, rule="template")
            continue
        yield FoundProblem(
            file=file_of(content, place["file"]),
            line=int(place["line"] or 1),
            column=int(place["column"] or 1),
            message=place["message"],
            rule="template",
        )


def draw(content: Content, release: Release) -> str:
    """The playbook's journey as SVG, with the workspace's parameters.

    Raises:
        DocumentError: it cannot be read.
    """
    parameters = workspace_of(release).parameters.get(content.name, {})
    return drawn(parse_playbook(content.name, content.hash, content.files, parameters))
