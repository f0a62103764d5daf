"""`cuestream playbooks enroll|cancel`: who shall enter a playbook now, and whose passages shall end."""

from __future__ import annotations

import asyncio
import json as jsonlib
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import msgspec
import typer

from common.clock import monotonic
from cuestream.commands.options import Data, Json
from cuestream.commands.steering import Name, where_is
from cuestream.commands.stories import Workspace
from cuestream.console import print_json, say
from cuestream.failures import UsageError
from cuestream.reaching.caller import Caller, calling
from cuestream.reaching.installation import find_installation
from cuestream.reaching.people import find_person

AT_ONCE = 500
"""Profiles that one call names."""
People = Annotated[
    list[str] | None,
    typer.Argument(metavar="[PROFILE]...", help="user:ID, email:ADDRESS, … or a profile’s id."),
]
Everybody = Annotated[
    str | None,
    typer.Option(
        "--segment",
        metavar="CONDITION",
        help="A segment of the workspace, or a condition: `customer.orders.count >= 2`.",
    ),
]


def register(playbooks: typer.Typer) -> None:
    """Add the commands."""
    playbooks.command("enroll")(enroll)
    playbooks.command("cancel")(cancel)


Rate = Annotated[float, typer.Option(help="Profiles a second at most.", min=0.1, max=10_000)]
Yes = Annotated[bool, typer.Option("--yes", help="Do it; without it a segment is only counted.")]


def enroll(
    name: Name,
    profiles: People = None,
    *,
    segment: Everybody = None,
    properties: Annotated[
        str | None,
        typer.Option(metavar="JSON", help="What the passage is told: `trigger.properties`."),
    ] = None,
    rate: Rate = 50,
    yes: Yes = False,
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
    rate: Rate = 50,
    yes: Yes = False,
    workspace: Workspace = None,
    data: Data = None,
    json: Json = False,
) -> None:
    """End what profiles have under way in a playbook."""
    _command("cancel", name, (profiles, segment), {}, rate, (workspace, data), yes=yes, json=json)


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
        where = await where_is(orchestrator, name, workspace)
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


def _object(text: str | None) -> dict[str, Any]:
    try:
        found = jsonlib.loads(text or "{}")
    except ValueError as error:
        raise UsageError(f"--properties takes a JSON object: {error}.") from error
    if not isinstance(found, dict):
        raise UsageError("--properties takes a JSON object.")
    return found
