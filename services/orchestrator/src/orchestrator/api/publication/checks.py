"""Finds what is wrong with a configuration before anything of it is stored."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

from common.conditions import ConditionError, compile_condition
from common.configuration import (
    ConfigurationError,
    ContactPolicy,
    Content,
    Workspace,
    parse_workspace,
)
from common.configuration.directory import PLAN_FILE
from common.configuration.tracking import TrackingPlan, parse_plan
from common.customer import ROOTS
from common.documents import DocumentError, Finding, parse_document
from orchestrator.api.publication.shapes import FoundProblem
from orchestrator.domain.checks import Cap, Surroundings, check_journey
from orchestrator.domain.journey import Journey
from orchestrator.domain.playbook import parse_playbook
from orchestrator.domain.steps import AUDIENCES, Propose

KINDS = ("workspace", "tracking_plan", "playbook", "lead_model")
WORKSPACE_FILE = "workspace.yaml"
CONSENTS = ("Consent Granted", "Consent Withdrawn", "Consent Requested", "Consent Confirmed")
"""Activities that need no plan: we tell them ourselves."""
MAX_BYTES = 800_000
"""Of one content; the log takes a little more in one record."""

_HINT = re.compile(r"; did you mean `([^`]+)`\?")


def check(workspace: str, contents: Sequence[Content]) -> list[FoundProblem]:
    """What keeps one workspace's wanted release from being published; none: it may be."""
    return [problem for problem in examine(workspace, contents) if problem.severity == "error"]


def examine(
    workspace: str, contents: Sequence[Content], events: Collection[str] = ()
) -> list[FoundProblem]:
    """All problems of one workspace's wanted release, and what somebody should look at before it is published.

    `events` are the names that sources use besides those of the tracking plan.
    """
    problems = list(_check_list(workspace, contents))
    if problems:
        return problems
    own = next(content for content in contents if content.kind == "workspace")
    file = file_of(own, WORKSPACE_FILE)
    try:
        settings = parse_workspace(workspace, own.files[WORKSPACE_FILE], file=file)
    except ConfigurationError as error:
        return list(_named(error, file))
    for content in contents:
        if content.kind == "lead_model":
            problems.extend(_check_yaml(content))
        elif content.kind == "tracking_plan":
            problems.extend(_check_plan(content, workspace))
    problems.extend(_check_segments(settings, file))
    playbooks = [content for content in contents if content.kind == "playbook"]
    return problems + _check_playbooks(playbooks, settings, file, _plan(contents), events)


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


def _plan(contents: Iterable[Content]) -> TrackingPlan | None:
    """What the tracking plan says; of one that cannot be read, its own check tells."""
    for content in contents:
        if content.kind == "tracking_plan":
            with suppress(ConfigurationError):
                return parse_plan(content.name, content.files.get(PLAN_FILE, ""))
    return None


def _check_playbooks(
    playbooks: Sequence[Content],
    settings: Workspace,
    own_file: str,
    plan: TrackingPlan | None,
    events: Collection[str],
) -> list[FoundProblem]:
    problems: list[FoundProblem] = []
    read: list[tuple[Content, Journey]] = []
    planned = plan.events if plan is not None else {}
    schemas = {name: event.properties for name, event in planned.items()}
    for content in playbooks:
        overrides: Mapping[str, str | float | bool] = settings.parameters.get(content.name, {})
        name, version, files = content.name, content.hash, content.files
        try:
            journey = parse_playbook(
                name, version, files, overrides, schemas, segments=settings.segments
            )
            read.append((content, journey))
        except DocumentError as error:
            problems += [_found(content, finding, own_file) for finding in error.findings]
    around = Surroundings(
        quiet=_quiet(settings.contact_policy),
        caps=tuple(Cap(c.channel, c.at_most, c.per) for c in settings.contact_policy.caps),
        events=frozenset({*events, *planned, *CONSENTS}) if events or planned else frozenset(),
        only_planned=plan is not None and plan.unknown_events == "quarantine",
    )
    for content, journey in read:
        others = tuple(other for _, other in read if other is not journey)
        for flaw in check_journey(journey, replace(around, others=others)):
            found = _found(content, flaw.finding, own_file)
            problems.append(found.model_copy(update={"rule": flaw.rule, "severity": flaw.severity}))
        problems.extend(_check_templates(content, journey, settings.locales))
    return problems


def _quiet(policy: ContactPolicy) -> timedelta:
    """How long the night is."""
    if policy.quiet_hours is None:
        return timedelta()
    begin, end = policy.quiet_hours.start, policy.quiet_hours.end
    minutes = (end.hour - begin.hour) * 60 + end.minute - begin.minute
    return timedelta(minutes=minutes % (24 * 60))


def _check_segments(settings: Workspace, file: str) -> Iterator[FoundProblem]:
    for name, text in settings.segments.items():
        try:
            compile_condition(text, {"customer": ROOTS["customer"]})
        except ConditionError as error:
            yield _problem(file, 1, 1, f"segments.{name}: {error}")


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
                missing = f"`{message}` has no {channel} template in `{locale}`"
                found = _problem(file_of(content, path), 1, 1, missing)
                yield found.model_copy(update={"rule": "missing_locale"})


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
