"""Finds what is wrong with a configuration before anything of it is stored."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress

from common.configuration import ConfigurationError, Content, Workspace, parse_workspace
from common.configuration.directory import PLAN_FILE
from common.configuration.tracking import Schema, parse_plan
from common.documents import DocumentError, Finding, parse_document
from orchestrator.api.publication.shapes import FoundProblem
from orchestrator.domain.checks import check_journey
from orchestrator.domain.journey import Journey
from orchestrator.domain.playbook import parse_playbook
from orchestrator.domain.steps import AUDIENCES, Propose

KINDS = ("workspace", "tracking_plan", "playbook", "lead_model")
WORKSPACE_FILE = "workspace.yaml"
MAX_BYTES = 800_000
"""Of one content; the log takes a little more in one record."""

_HINT = re.compile(r"; did you mean `([^`]+)`\?")


def check(workspace: str, contents: Sequence[Content]) -> list[FoundProblem]:
    """All problems of one workspace's wanted release; none: it may be published."""
    problems = list(_check_list(workspace, contents))
    if problems:
        return problems
    own = next(content for content in contents if content.kind == "workspace")
    file = file_of(own, WORKSPACE_FILE)
    try:
        settings = parse_workspace(workspace, own.files[WORKSPACE_FILE], file=file)
    except ConfigurationError as error:
        return list(_named(error, file))
    plan = _schemas(contents)
    for content in contents:
        if content.kind == "playbook":
            problems.extend(_check_playbook(content, settings, file, plan))
        elif content.kind == "lead_model":
            problems.extend(_check_yaml(content))
        elif content.kind == "tracking_plan":
            problems.extend(_check_plan(content, workspace))
    return problems


def file_of(content: Content, path: str) -> str:
    """Where a file of a content is in the folder that a publisher keeps."""
    match content.kind:
        case "workspace":
            return f"workspaces/{content.name}.yaml"
        case "lead_model":
            return f"models/{content.name}.yaml"
        case "tracking_plan":
            return f"tracking/{content.name}.yaml"
        case "playbook":
            return f"playbooks/{content.name}/{path}"
        case other:
            return f"{other}/{content.name}/{path}"


def _check_list(workspace: str, contents: Sequence[Content]) -> Iterator[FoundProblem]:
    seen: set[tuple[str, str]] = set()
    for content in contents:
        place = file_of(content, next(iter(content.files), ""))
        if content.kind not in KINDS:
            yield _problem(place, 1, 1, f"unknown kind `{content.kind}`; known: {', '.join(KINDS)}")
        if (content.kind, content.name) in seen:
            yield _problem(place, 1, 1, f"{content.kind} `{content.name}` is here twice")
        seen.add((content.kind, content.name))
        yield from _check_files(content)
    own = [content for content in contents if content.kind == "workspace"]
    place = f"workspaces/{workspace}.yaml"
    if [content.name for content in own] != [workspace]:
        yield _problem(
            place,
            1,
            1,
            f"the workspace's own file is missing or named otherwise than `{workspace}`",
        )
    elif WORKSPACE_FILE not in own[0].files:
        yield _problem(place, 1, 1, f"the content has no `{WORKSPACE_FILE}`")


def _check_files(content: Content) -> Iterator[FoundProblem]:
    for path, text in content.files.items():
        if "\0" in text or "\0" in path:
            yield _problem(
                file_of(content, path), 1, 1, "the file holds a NUL character; it is no text"
            )
    if (
        sum(len(path.encode()) + len(text.encode()) for path, text in content.files.items())
        > MAX_BYTES
    ):
        message = f"{content.kind} `{content.name}` is larger than {MAX_BYTES // 1000} kB"
        yield _problem(file_of(content, ""), 1, 1, message)


def _schemas(contents: Iterable[Content]) -> dict[str, Schema]:
    """What the tracking plan says of each event; of a plan that cannot be read, its own check tells."""
    found: dict[str, Schema] = {}
    for content in contents:
        if content.kind == "tracking_plan":
            with suppress(ConfigurationError):
                plan = parse_plan(content.name, content.files.get(PLAN_FILE, ""))
                found.update((name, event.properties) for name, event in plan.events.items())
    return found


def _check_playbook(
    content: Content, settings: Workspace, own_file: str, plan: Mapping[str, Schema]
) -> Iterable[FoundProblem]:
    overrides: Mapping[str, str | float | bool] = settings.parameters.get(content.name, {})
    try:
        journey = parse_playbook(content.name, content.hash, content.files, overrides, plan)
    except DocumentError as error:
        return [_found(content, finding, own_file) for finding in error.findings]
    return [
        *(_found(content, finding, own_file) for finding in check_journey(journey)),
        *_check_templates(content, journey, settings.locales),
    ]


def _check_plan(content: Content, workspace: str) -> Iterator[FoundProblem]:
    file = file_of(content, "")
    if content.name != workspace:
        yield _problem(file, 1, 1, f"the plan is named otherwise than `{workspace}`")
    try:
        parse_plan(content.name, content.files.get(PLAN_FILE, ""), file=file)
    except ConfigurationError as error:
        yield from _named(error, file)


def _named(error: ConfigurationError, file: str) -> Iterator[FoundProblem]:
    for found in error.problems:
        message = f"{found.path}: {found.message}" if found.path else found.message
        yield _problem(found.file or file, found.line or 1, 1, message)


def _check_yaml(content: Content) -> Iterator[FoundProblem]:
    """What scoring reads must at least be YAML; whether it is a model, scoring says when it takes the release."""
    for path, text in content.files.items():
        try:
            parse_document(path, text)
        except DocumentError as error:
            yield from (_found(content, finding, "") for finding in error.findings)


def _check_templates(
    content: Content, journey: Journey, locales: Sequence[str]
) -> Iterator[FoundProblem]:
    said = {
        (placed.step.proposal.message, channel)
        for placed in journey.steps
        if isinstance(placed.step, Propose)
        for channel in placed.step.proposal.channels
        if channel != AUDIENCES
    }
    for message, channel in sorted(said):
        for locale in locales:
            path = f"templates/{message}.{channel}.{locale}.liquid"
            if path not in content.files:
                yield _problem(
                    file_of(content, path),
                    1,
                    1,
                    f"`{message}` has no {channel} template in `{locale}`",
                )


def _found(content: Content, finding: Finding, own_file: str) -> FoundProblem:
    if finding.file not in content.files and finding.file.startswith("parameter "):
        # A value that the workspace sets: it stands in the workspace's file, not in the playbook's.
        message = f"parameters.{content.name}: {finding.message}"
        return _problem(own_file, 1, 1, message)
    return _problem(file_of(content, finding.file), finding.line, finding.column, finding.message)


def _problem(file: str, line: int, column: int, message: str) -> FoundProblem:
    hint = _HINT.search(message)
    return FoundProblem(
        file=file,
        line=line,
        column=column,
        message=_HINT.sub("", message),
        suggestion=hint[1] if hint else None,
    )
