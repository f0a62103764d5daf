"""`cuestream playbooks list|show|pause|resume|enroll|cancel`: the playbooks of an installation, and who is under way in them."""

from __future__ import annotations

import asyncio
import json as jsonlib
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import msgspec
import typer
from rich.table import Table

from common.clock import monotonic
from cuestream.commands.options import Data, Json
from cuestream.commands.stories import Workspace
from cuestream.console import OUT, print_json, say
from cuestream.failures import FindingError, UsageError
from cuestream.reaching.caller import Caller, calling
from cuestream.reaching.installation import Installation, find_installation
from cuestream.reaching.people import find_person

AT_ONCE = 500
"""Profiles that one call names."""
Name = Annotated[str, typer.Argument(metavar="NAME", help="The playbook.")]
People = Annotated[
    list[str] | None,
    typer.Argument(metavar="[PROFILE]...", help="user:ID, email:ADDRESS, … or a profile’s id."),
]
Everybody = Annotated[
    str | None,
    typer.Option(
        "--segment",
        metavar="CONDITION",
        help="Everybody for whom it holds, such as `customer.orders.count >= 2`.",
    ),
]


def register(playbooks: typer.Typer) -> None:
    """Add the commands."""
    for name, command in (
        ("list", in_force),
        ("show", show),
        ("pause", pause),
        ("resume", resume),
        ("enroll", enroll),
        ("cancel", cancel),
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


def enroll(
    name: Name,
    profiles: People = None,
    *,
    segment: Everybody = None,
    properties: Annotated[
        str | None,
        typer.Option(metavar="JSON", help="What the passage is told: `trigger.properties`."),
    ] = None,
    rate: Annotated[
        float, typer.Option(help="Profiles a second at most.", min=0.1, max=10_000)
    ] = 50,
    yes: Annotated[
        bool, typer.Option("--yes", help="Do it; without it a segment is only counted.")
    ] = False,
    workspace: Workspace = None,
    data: Data = None,
    json: Json = False,
) -> None:
    """Let profiles enter a playbook now; its entry decides as ever. Of a segment, how many they are is said first."""
    more = {"properties": _object(properties)}
    _command("enroll", name, (profiles, segment), more, rate, (workspace, data), yes=yes, json=json)


def cancel(
    name: Name,
    profiles: People = None,
    *,
    segment: Everybody = None,
    rate: Annotated[
        float, typer.Option(help="Profiles a second at most.", min=0.1, max=10_000)
    ] = 50,
    yes: Annotated[
        bool, typer.Option("--yes", help="Do it; without it a segment is only counted.")
    ] = False,
    workspace: Workspace = None,
    data: Data = None,
    json: Json = False,
) -> None:
    """End what profiles have under way in a playbook."""
    _command("cancel", name, (profiles, segment), {}, rate, (workspace, data), yes=yes, json=json)


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
            where = await _where(orchestrator, name, workspace)
            return await orchestrator.post(
                f"/v1/playbooks/{name}/{what}", {"workspace": where, **more}
            )

    applied = asyncio.run(publish())
    if json:
        print_json(msgspec.json.encode(applied))
        return
    for sentence in applied["sentences"]:
        say(sentence)
    if not applied["published"]:
        say(f"Nothing changes: {name} is {'paused already' if what == 'pause' else 'not paused'}.")


def _command(
    what: str,
    name: str,
    who: tuple[Sequence[str] | None, str | None],
    more: Mapping[str, Any],
    rate: float,
    at: tuple[str | None, Path | None],
    *,
    yes: bool,
    json: bool,
) -> None:
    profiles, segment = who
    if bool(profiles) == (segment is not None):
        raise UsageError("Name either profiles or a --segment.")
    told = asyncio.run(_commanded(what, name, profiles or (), segment, more, rate, at, yes=yes))
    if json:
        print_json(msgspec.json.encode(told))
        return
    if segment is not None:
        say(f"{told['profiles']:,} of {told['looked_at']:,} customers.")
    if told["asked"]:
        done = "asked to enter" if what == "enroll" else "asked to leave"
        say(f"{told['asked']:,} are {done} {name}; `cuestream why PROFILE` tells what came of it.")
    else:
        say(
            "Nothing was done. Say --yes to do it."
            if told["profiles"]
            else "Nothing is to be done."
        )


async def _commanded(
    what: str,
    name: str,
    profiles: Sequence[str],
    segment: str | None,
    more: Mapping[str, Any],
    rate: float,
    at: tuple[str | None, Path | None],
    *,
    yes: bool,
) -> Mapping[str, Any]:
    workspace, data = at
    installation = find_installation(data)
    async with calling(installation, "orchestrator") as orchestrator:
        where = await _where(orchestrator, name, workspace)
        looked_at = 0
        people = [await find_person(installation, one, where) for one in profiles]
        found = [person.profile_id for person in people]
        if segment is not None:
            async for page in _pages(orchestrator, where, segment):
                looked_at += page["looked_at"]
                found += [UUID(profile) for profile in page["profiles"]]
        does = segment is None or yes
        if does:
            await _ask(
                orchestrator,
                f"/v1/playbooks/{name}/{what}",
                {"workspace": where, **more},
                found,
                rate,
            )
        return {
            "playbook": name,
            "workspace": where,
            "profiles": len(found),
            "looked_at": looked_at,
            "asked": len(found) if does else 0,
        }


async def _pages(orchestrator: Caller, workspace: str, segment: str) -> AsyncIterator[Any]:
    after = None
    while True:
        body = {"workspace": workspace, "where": segment, "after": after}
        page = await orchestrator.post("/v1/playbooks/select", body)
        yield page
        after = page["next"]
        if after is None:
            return


async def _ask(
    orchestrator: Caller, path: str, body: Mapping[str, Any], found: Sequence[UUID], rate: float
) -> None:
    begun = monotonic()
    at_once = max(1, min(AT_ONCE, int(rate)))
    for number in range(0, len(found), at_once):
        some = [str(profile) for profile in found[number : number + at_once]]
        await asyncio.sleep(max(0.0, begun + number / rate - monotonic()))
        await orchestrator.post(path, {**body, "profiles": some})


async def _where(orchestrator: Caller, name: str, workspace: str | None) -> str:
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
        where = await _where(orchestrator, name, workspace)
        return await orchestrator.get(f"/v1/playbooks/{name}", workspace=where)


async def _get(data: Path | None, path: str, **query: object) -> Any:
    installation: Installation = find_installation(data)
    async with calling(installation, "orchestrator") as orchestrator:
        return await orchestrator.get(path, **query)


def _object(text: str | None) -> dict[str, Any]:
    try:
        found = jsonlib.loads(text or "{}")
    except ValueError as error:
        raise UsageError(f"--properties takes a JSON object: {error}.") from error
    if not isinstance(found, dict):
        raise UsageError("--properties takes a JSON object.")
    return found
