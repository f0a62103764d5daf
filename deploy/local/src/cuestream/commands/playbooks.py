"""`cuestream playbooks`: whether they are right, and whether they do what their own tests say, in virtual time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
import typer

from common.configuration import (
    ConfigurationError,
    Content,
    Release,
    load_directory,
    load_playbooks,
)
from common.configuration.directory import is_test
from common.documents import DocumentError
from cuestream.commands import enrolling, steering
from cuestream.commands.options import Json
from cuestream.commands.whatif import replay
from cuestream.console import print_json, say
from cuestream.failures import FindingError, UsageError

if TYPE_CHECKING:
    from cuestream.rehearsal import Report
    from orchestrator.api.publication.shapes import FoundProblem

Names = Annotated[
    list[str] | None, typer.Argument(metavar="[NAME]...", help="Only these; default: all.")
]
Folder = Annotated[
    Path, typer.Option("--workspaces", metavar="DIR", help="Holds workspaces/ and playbooks/.")
]
Workspace = Annotated[
    str | None,
    typer.Option(
        metavar="W",
        help="As this workspace has it; default: the first one, `check` also those in which it is in force.",
    ),
]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    playbooks = typer.Typer(help="Playbooks as code.", no_args_is_help=True)
    playbooks.command("check")(check)
    playbooks.command("draw")(draw)
    playbooks.command("test")(rehearse)
    steering.register(playbooks)
    enrolling.register(playbooks)
    playbooks.command("replay")(replay)
    app.add_typer(playbooks, name="playbooks")


def check(
    names: Names = None,
    *,
    directory: Folder = Path(),
    workspace: Workspace = None,
    strict: Annotated[
        bool, typer.Option("--strict", help="End with 1 for a warning, too.")
    ] = False,
    json: Json = False,
) -> None:
    """Find what is wrong with playbooks before anybody publishes them, by file, line and column."""
    look = _rehearsal().check
    chosen = list(_chosen(directory, names or (), workspace))
    found: list[FoundProblem] = []
    for content, release in chosen:
        for one in (release, *_in_force(content, directory, workspace)):
            found += [problem for problem in look(content, one) if problem not in found]
    if json:
        print_json(msgspec.json.encode([problem.model_dump() for problem in found]))
    else:
        for problem in found:
            mark = {"error": "✗", "warning": "!"}[problem.severity]
            hint = f" Did you mean `{problem.suggestion}`?" if problem.suggestion else ""
            place = f"{problem.file}:{problem.line}:{problem.column}"
            say(f"{mark} {place}: {problem.message}.{hint} [{problem.rule}]")
    bad = [problem for problem in found if strict or problem.severity == "error"]
    if bad:
        raise FindingError(f"{len(bad)} problems in {len({one.file for one in bad})} files.")
    if not json:
        say(
            f"{len(chosen)} playbooks are fine."
            if not found
            else "Nothing keeps them from being published."
        )


def draw(
    name: Annotated[str, typer.Argument(help="The playbook.")],
    *,
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Where to; default: NAME.svg.")
    ] = None,
    directory: Folder = Path(),
    workspace: Workspace = None,
) -> None:
    """Draw a journey as SVG: what begins it, its steps, its ways."""
    [(content, release)] = _chosen(directory, [name], workspace)
    try:
        picture = _rehearsal().draw(content, release)
    except DocumentError as error:
        raise UsageError(f"The playbook {name} is wrong: {error.detail}") from error
    file = out or Path(f"{name}.svg")
    file.write_text(picture, "utf-8")
    say(f"{file} shows {name}.")


def rehearse(
    names: Names = None,
    *,
    directory: Folder = Path(),
    workspace: Workspace = None,
    json: Json = False,
) -> None:
    """Play each playbook's test_*.yaml in virtual time; steps and ways that no test goes through are named."""
    play = _rehearsal().rehearse
    reports = []
    for content, release in _chosen(directory, names or (), workspace):
        folder = directory / "playbooks" / content.name
        files = {
            path.name: path.read_text("utf-8") for path in sorted(folder.iterdir()) if is_test(path)
        }
        try:
            reports.append(play(content, release, files))
        except DocumentError as error:
            raise UsageError(f"The playbook {content.name} is wrong: {error.detail}") from error
    if json:
        print_json(msgspec.json.encode([_told(report) for report in reports]))
    else:
        for report in reports:
            for line in _lines(report):
                say(line)
    failed = [report.playbook for report in reports if not report.good]
    if failed:
        raise FindingError(f"Tests failed: {', '.join(failed)}.")


def _chosen(
    directory: Path, names: Sequence[str], workspace: str | None
) -> Iterator[tuple[Content, Release]]:
    """Each playbook once, as if the first workspace had it, or in the one that is named."""
    try:
        found = load_playbooks(directory) if workspace is None else _of(workspace, directory)
    except ConfigurationError as error:
        raise UsageError(
            "The folder has mistakes.", *(str(one) for one in error.problems)
        ) from error
    unknown = [name for name in names if name not in found]
    if unknown:
        raise UsageError(
            f"There is no playbook {unknown[0]}; there are {', '.join(sorted(found))}."
        )
    for name, one in sorted(found.items()):
        if not names or name in names:
            yield one


def _in_force(content: Content, directory: Path, workspace: str | None) -> Iterator[Release]:
    """The workspaces that have it, unless one is named: caps and parameters may differ."""
    for name, contents in load_directory(directory).items() if workspace is None else ():
        if content in contents:
            yield Release(name, 1, contents)


def _of(workspace: str, directory: Path) -> Mapping[str, tuple[Content, Release]]:
    """The playbooks that are in force in a workspace."""
    release = Release(workspace, 1, load_directory(directory).get(workspace, ()))
    return {content.name: (content, release) for content in release.all("playbook")}


def _lines(report: Report) -> Iterator[str]:
    count = len(report.outcomes)
    failed = sum(bool(outcome.failures) for outcome in report.outcomes)
    covered = f"{report.coverage.percent} % of steps and ways"
    verdict = f"{failed} of {count} failed" if failed else f"{count} good"
    yield f"{report.playbook}: {verdict}, {covered}"
    for problem in report.problems:
        yield f"  ✗ {problem.text}"
    for outcome in report.outcomes:
        if outcome.failures:
            scenario = outcome.scenario
            yield f"  ✗ {scenario.name} ({scenario.file}:{scenario.line})"
            for failure in outcome.failures:
                yield f"      {failure}"
    for placed in report.coverage.missed_steps:
        yield f"  · no test comes to {placed.finding(f'step {placed.id} ({placed.step.KIND})').text}"
    for placed, way in report.coverage.missed_ways:
        yield f"  · no test takes {placed.finding(f'the way `{way}` of step {placed.id}').text}"


def _told(report: Report) -> Mapping[str, Any]:
    return {
        "playbook": report.playbook,
        "good": report.good,
        "coverage": {
            "percent": report.coverage.percent,
            "missed_steps": [placed.id for placed in report.coverage.missed_steps],
            "missed_ways": [f"{placed.id}:{way}" for placed, way in report.coverage.missed_ways],
        },
        "problems": [problem.text for problem in report.problems],
        "scenarios": [
            {
                "name": outcome.scenario.name,
                "file": outcome.scenario.file,
                "line": outcome.scenario.line,
                "failures": outcome.failures,
                "happened": [
                    {"after_seconds": each.after.total_seconds(), **each.what}
                    for each in outcome.happened
                ],
            }
            for outcome in report.outcomes
        ],
    }


def _rehearsal() -> Any:
    try:
        from cuestream import rehearsal  # noqa: PLC0415 - part of the extra `local`
    except ImportError as error:
        raise UsageError(
            "This needs cuestream's services beside the command.", "Install `cuestream[local]`."
        ) from error
    return rehearsal
