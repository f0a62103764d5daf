"""`cuestream apply DIR`: the only way to publish configuration."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer
from rich.text import Text

from common.configuration import ConfigurationError, Content, load_directory
from cuestream.commands.choices import (
    NONE,
    Choices,
    Overdues,
    Pauses,
    Resumes,
    Rollbacks,
    Transitions,
    rolled_back,
    show_passages,
)
from cuestream.commands.options import Data, Json
from cuestream.console import OUT, print_json, say
from cuestream.failures import UsageError
from cuestream.reaching.caller import Caller, Problem, ProblemsError, calling
from cuestream.reaching.installation import Installation, find_installation

_PATH = "/v1/configuration"
_MARKS = {"added": ("+", "green"), "changed": ("~", "yellow"), "removed": ("−", "red")}
_DIFF = {"+": "green", "-": "red", "@": "cyan"}


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(apply)


def apply(
    directory: Annotated[
        Path, typer.Argument(metavar="DIR", help="Holds workspaces/, playbooks/ and models/.")
    ],
    *,
    plan: Annotated[bool, typer.Option("--plan", help="Only show what would change.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    live: Annotated[
        bool, typer.Option("--live", help="Allow these workspaces to write to customers.")
    ] = False,
    diff: Annotated[bool, typer.Option("--diff", help="Show changed lines.")] = False,
    transition: Transitions = None,
    overdue: Overdues = None,
    pause: Pauses = None,
    resume: Resumes = None,
    rollback: Rollbacks = None,
    data: Data = None,
    json: Json = False,
) -> None:
    """Check a folder's configuration, show what would change, and publish it."""
    choices = Choices.read(transition, overdue, pause, resume, rollback)
    asked = _Asked(choices, plan=plan, yes=yes, live=live, diff=diff, quiet=json)
    try:
        told = asyncio.run(_apply(directory, asked, data))
    except ProblemsError as error:
        if json:
            print_json(msgspec.json.encode({"problems": error.problems}))
        raise
    if json:
        print_json(msgspec.json.encode(told))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """The options."""

    choices: Choices = field(kw_only=False)
    plan: bool
    yes: bool
    live: bool
    diff: bool
    quiet: bool


async def _apply(directory: Path, asked: _Asked, data: Path | None) -> Mapping[str, Any]:
    contents: Mapping[str, Sequence[Content]] = read(directory)
    installation = find_installation(data)
    choices, live = asked.choices, asked.live
    async with calling(installation, "orchestrator") as orchestrator:
        contents = await rolled_back(orchestrator, contents, choices.rollbacks)
        await _check_templates(installation, contents)
        planned = await ask(orchestrator, "plan", contents, live=live, choices=choices)
        if not asked.quiet:
            _show(planned, diff=asked.diff)
        if asked.plan or not planned["releases"]:
            return planned
        if not asked.yes:
            _confirm()
        applied = await ask(
            orchestrator,
            "apply",
            contents,
            live=live,
            expected=planned["expected"],
            choices=choices,
        )
    if not asked.quiet:
        for release in applied["releases"]:
            say(f"{release['workspace']} is at release {release['number']}.")
        for name in choices.rollbacks:
            say(f"The folder's {name} is another version: the next apply publishes that one again.")
    return applied


async def _check_templates(
    installation: Installation, contents: Mapping[str, Sequence[Content]]
) -> None:
    """Ask who will have to send them. Where no dispatcher is named, it finds out by itself, and refuses the release."""
    if "dispatcher" not in installation.urls:
        return
    playbooks = {
        content.key: {"name": content.name, "files": dict(content.files)}
        for listed in contents.values()
        for content in listed
        if content.kind == "playbook"
    }
    async with calling(installation, "dispatcher") as dispatcher:
        await dispatcher.post("/v1/templates/check", {"playbooks": list(playbooks.values())})


def read(directory: Path) -> Mapping[str, tuple[Content, ...]]:
    """What the folder holds, by workspace.

    Raises:
        ProblemsError: with every problem that shows without asking anybody.
    """
    if not directory.is_dir():
        raise UsageError(f"{directory} is no folder.")
    try:
        return load_directory(directory)
    except ConfigurationError as error:
        raise ProblemsError(
            [
                Problem(p.file, p.line or 1, 1, f"{p.path}: {p.message}" if p.path else p.message)
                for p in error.problems
            ]
        ) from error


async def ask(
    orchestrator: Caller,
    what: str,
    contents: Mapping[str, Sequence[Content]],
    *,
    live: bool,
    expected: Mapping[str, int] | None = None,
    choices: Choices = NONE,
) -> Mapping[str, Any]:
    """Have the orchestrator plan or apply; the same contents twice change nothing the second time."""
    workspaces = {
        workspace: [
            {"kind": content.kind, "name": content.name, "files": dict(content.files)}
            for content in listed
        ]
        for workspace, listed in contents.items()
    }
    body = {"workspaces": workspaces, "live": live, "expected": expected, **choices.body}
    answer: Mapping[str, Any] = await orchestrator.post(f"{_PATH}/{what}", body)
    return answer


def _show(planned: Mapping[str, Any], *, diff: bool) -> None:
    if not planned["releases"]:
        say("Nothing changes: everything is in force already.")
    for release in planned["releases"]:
        title = Text(release["workspace"], style="bold")
        OUT.print(title.append(f"  will be at release {release['number']}", style="not bold dim"))
        for change in release["changes"]:
            mark, style = _MARKS[change["action"]]
            OUT.print(Text(f"  {mark} {change['sentence']}", style=style))
            if diff:
                _show_diff(change["diff"])
        show_passages(release)
        for note in release["notes"]:
            OUT.print(Text(f"  • {note}", style="bold red" if release["live"] else "dim"))


def _show_diff(text: str) -> None:
    for line in text.splitlines():
        OUT.print(Text(f"      {line}", style=_DIFF.get(line[:1], "dim")))


def _confirm() -> None:
    if not sys.stdin.isatty():
        raise UsageError("Nobody can be asked here.", "Say --yes to publish, --plan to look only.")
    if not typer.confirm("Publish this?"):
        raise typer.Exit
