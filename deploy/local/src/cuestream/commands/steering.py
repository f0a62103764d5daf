"""`cuestream playbooks list|show|pause|resume`: the playbooks of an installation, and who is under way in them."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer
from rich.table import Table

from cuestream.commands.options import Data, Json
from cuestream.commands.stories import Workspace
from cuestream.console import OUT, print_json, say
from cuestream.failures import FindingError, UsageError
from cuestream.reaching.caller import Caller, calling
from cuestream.reaching.installation import Installation, find_installation

Name = Annotated[str, typer.Argument(metavar="NAME", help="The playbook.")]


def register(playbooks: typer.Typer) -> None:
    """Add the commands."""
    for name, command in (
        ("list", in_force),
        ("show", show),
        ("pause", pause),
        ("resume", resume),
    ):
        playbooks.command(name)(command)


def in_force(*, workspace: Workspace = None, data: Data = None, json: Json = False) -> None:
    """List the playbooks in force, and how many are under way in them."""
    listed = asyncio.run(_get(data, "/v1/playbooks", workspace=workspace))
    if json:
        print_json(msgspec.json.encode(listed))
        return
    table = Table.grid(padding=(0, 3))
    for one in listed:
        version = (one["version"] or "–")[:8]
        state = "paused" if one["paused"] else ""
        under_way = f"{one['under_way']:,} under way"
        table.add_row(one["workspace"], one["playbook"], version, under_way, state)
    OUT.print(table)


def show(name: Name, *, workspace: Workspace = None, data: Data = None, json: Json = False) -> None:
    """Show what a playbook says, and how many wait where."""
    told = asyncio.run(_shown(name, workspace, data))
    if json:
        print_json(msgspec.json.encode(told))
        return
    version = told["version"][:8] if told["version"] else "no longer in force"
    paused = ", paused" if told["paused"] else ""
    say(
        f"{told['playbook']} in the workspace {told['workspace']}: {told['purpose']}, {version}{paused}"
    )
    for begin in told["begins"]:
        say(f"  begins with  {begin}")
    for parameter, value in told["parameters"].items():
        say(f"  {parameter} = {value}")
    say(f"{told['under_way']:,} under way")
    for one in told["waits"]:
        held = f", {one['held']:,} of them held" if one["held"] else ""
        say(
            f"  {one['count']:>9,}  at {one['step']} ({one['kind'] or '?'}) of {one['version'][:8]}{held}"
        )


def pause(
    name: Name, *, workspace: Workspace = None, data: Data = None, json: Json = False
) -> None:
    """Let nobody begin, and nobody go on but by exits, until `resume`."""
    _publish("pause", name, {}, workspace, data, json=json)


def resume(
    name: Name,
    *,
    held: Annotated[
        str, typer.Option(metavar="spread[:1h]|run|skip", help="How what was held goes on.")
    ] = "spread",
    workspace: Workspace = None,
    data: Data = None,
    json: Json = False,
) -> None:
    """Let a paused playbook go on."""
    policy, _, over = held.partition(":")
    overdue = {"policy": policy} | ({"over": over} if over else {})
    _publish("resume", name, {"overdue": overdue}, workspace, data, json=json)


def _publish(
    what: str,
    name: str,
    more: Mapping[str, Any],
    workspace: str | None,
    data: Path | None,
    *,
    json: bool,
) -> None:
    async def publish() -> Any:
        async with calling(find_installation(data), "orchestrator") as orchestrator:
            found = await where_is(orchestrator, name, workspace)
            return await orchestrator.post(
                f"/v1/playbooks/{name}/{what}", {"workspace": found, **more}
            )

    applied = asyncio.run(publish())
    if json:
        print_json(msgspec.json.encode(applied))
        return
    for sentence in applied["sentences"]:
        say(sentence)
    if not applied["published"]:
        say(f"Nothing changes: {name} is {'paused already' if what == 'pause' else 'not paused'}.")


async def where_is(orchestrator: Caller, name: str, workspace: str | None) -> str:
    """The workspace that is meant: the one that has the playbook, where only one has."""
    if workspace is not None:
        return workspace
    listed = await orchestrator.get("/v1/playbooks")
    having = [one["workspace"] for one in listed if one["playbook"] == name]
    if not having:
        known = ", ".join(sorted({one["playbook"] for one in listed})) or "none"
        raise FindingError(f"No workspace has a playbook {name}; there are {known}.")
    if len(having) > 1:
        raise UsageError(
            f"{name} is in force in {' and '.join(having)}.", "Name one with --workspace."
        )
    found: str = having[0]
    return found


async def _shown(name: str, workspace: str | None, data: Path | None) -> Any:
    async with calling(find_installation(data), "orchestrator") as orchestrator:
        found = await where_is(orchestrator, name, workspace)
        return await orchestrator.get(f"/v1/playbooks/{name}", workspace=found)


async def _get(data: Path | None, path: str, **query: object) -> Any:
    installation: Installation = find_installation(data)
    async with calling(installation, "orchestrator") as orchestrator:
        return await orchestrator.get(path, **query)
