"""`cuestream profile show P`: who somebody is to us, who said so, and everything that happened to them."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer
from rich.table import Table
from rich.text import Text

from cuestream.commands.options import Data, Json
from cuestream.commands.stories import (
    Workspace,
    clock,
    day,
    instant,
    print_entries,
    warn_if_incomplete,
)
from cuestream.commands.why import Profile, moment
from cuestream.console import OUT, print_json, say
from cuestream.reaching.caller import calling
from cuestream.reaching.installation import find_installation
from cuestream.reaching.people import Person, find_person


def register(app: typer.Typer) -> None:
    """Add the command."""
    profile = typer.Typer(help="What is known of one person.", no_args_is_help=True)
    profile.command()(show)
    profile.command()(consents)
    profile.command()(shared)
    app.add_typer(profile, name="profile")


def show(
    profile: Profile,
    *,
    since: Annotated[
        str | None, typer.Option(metavar="T", help="Look no farther back; default: 30 days.")
    ] = None,
    workspace: Workspace = None,
    data: Data = None,
    json: Json = False,
) -> None:
    """Show who a profile is, where it stands, and its story. The answer holds personal data."""
    begin = None if since is None else moment(since)
    person, story = asyncio.run(_look(profile, begin, workspace, data))
    if json:
        print_json(msgspec.json.encode({"who": person.known or None, "story": story}))
        return
    _introduce(person, story["standing"])
    _explain(person.known.get("traits") or {})
    for account_id, traits in (person.known.get("accounts") or {}).items():
        say(f"Buys for {account_id}")
        _explain(traits)
    print_entries(story["entries"])
    warn_if_incomplete(story)


def consents(
    profile: Profile,
    *,
    at: Annotated[
        str | None, typer.Option(metavar="T", help="As far as it had been received by then.")
    ] = None,
    workspace: Workspace = None,
    data: Data = None,
    json: Json = False,
) -> None:
    """List what somebody agreed to or withdrew, with the proofs. The answer holds personal data."""
    told = asyncio.run(_ledger(profile, None if at is None else moment(at), workspace, data))
    if json:
        print_json(msgspec.json.encode(told))
        return
    stood = {f"{each['channel']}.{each['purpose']}": each for each in told["stood"]}
    say(
        f"Profile {told['profile_id']}: "
        + (_listed({k: _will(v) for k, v in stood.items()}) or "nothing stands")
    )
    table = Table.grid(padding=(0, 2))
    for each in told["statements"]:
        received = instant(each["stated_at"])
        table.add_row(
            Text(f"  {day(received)}, {clock(received)[:8]}", style="dim"),
            Text(f"{each['channel']}.{each['purpose']}"),
            Text(each["step"] or _will(each)),
            Text(", ".join(_proof(each)), style="dim"),
        )
    OUT.print(table)


def _will(said: Mapping[str, Any]) -> str:
    return f"yes ({said['basis'].replace('_', ' ')})" if said["granted"] else "no"


def _proof(said: Mapping[str, Any]) -> list[str]:
    known = (("", said["source"] or said["via"]), ("text ", said["text_version"]), ("", said["ip"]))
    return [f"{name}{value}" for name, value in known if value]


async def _ledger(
    profile: str, at: datetime | None, workspace: str | None, data: Path | None
) -> dict[str, Any]:
    installation = find_installation(data)
    person = await find_person(installation, profile, workspace)
    async with calling(installation, "resolve") as resolve:
        answer = await resolve.get(
            "/v1/consents",
            ref=str(person.profile_id),
            workspace=person.workspace,
            at=None if at is None else at.isoformat(),
        )
    found: dict[str, Any] = answer["profiles"][0]
    return found


def shared(*, workspace: Workspace = None, data: Data = None, json: Json = False) -> None:
    """List the ids that several profiles share. The answer holds personal data."""
    found = asyncio.run(_shared(workspace or "default", data))
    if json:
        print_json(msgspec.json.encode(found))
        return
    if not found:
        say("No id is shared.")
    table = Table.grid(padding=(0, 2))
    for each in found:
        links = "links" if each["links"] else "links no more"
        many = f"{len(each['profiles'])} profiles of at most {each['at_most']}"
        table.add_row(Text(f"  {each['kind']}:{each['value']}"), Text(many), Text(links))
    OUT.print(table)


async def _shared(workspace: str, data: Path | None) -> list[dict[str, Any]]:
    async with calling(find_installation(data), "resolve") as resolve:
        answer = await resolve.get("/v1/identifiers/shared", workspace=workspace)
    return list(answer["identifiers"])


async def _look(
    profile: str, since: datetime | None, workspace: str | None, data: Path | None
) -> tuple[Person, Mapping[str, Any]]:
    installation = find_installation(data)
    person = await find_person(installation, profile, workspace)
    async with calling(installation, "orchestrator") as orchestrator:
        story = await orchestrator.get(
            f"/v1/profiles/{person.profile_id}/story",
            workspace=person.workspace,
            since=None if since is None else since.isoformat(),
        )
    return person, story


def _introduce(person: Person, standing: Mapping[str, Any]) -> None:
    where = f" in the workspace {person.workspace}" if person.workspace else ""
    say(f"Profile {person.profile_id}{where}")
    if merged := person.known.get("merged"):
        say(f"Was one with {', '.join(merged)}.")
    table = Table.grid(padding=(0, 2))
    for name, value in (*_who(person.known), *_standing(standing)):
        if value:
            table.add_row(Text(f"  {name}", style="dim"), Text(value))
    OUT.print(table)


def _explain(traits: Mapping[str, Mapping[str, Any]]) -> None:
    """Where each value came from, and under it what lost."""
    table = Table.grid(padding=(0, 2))
    for name, stands in traits.items():
        table.add_row(
            Text(f"  {name.replace('_', ' ')}", style="dim"),
            Text(_value(stands)),
            Text(_origin(stands), style="dim"),
            Text(stands["rule"].replace("_", " "), style="dim"),
        )
        for other in stands["lost"]:
            table.add_row(
                "", Text(_value(other), style="dim strike"), Text(_origin(other), style="dim")
            )
    OUT.print(table)


def _value(said: Mapping[str, Any]) -> str:
    return "(taken back)" if said["value"] is None else str(said["value"])


def _origin(said: Mapping[str, Any]) -> str:
    at = instant(said["at"])
    verb = "suggested" if said["suggested"] else "said"
    return f"{verb} by {said['source'] or 'somebody'}, {day(at)}, {clock(at)[:5]}"


def _who(known: Mapping[str, Any]) -> list[tuple[str, str]]:
    contact = known.get("contact") or {}
    identifiers = [f"{each['kind']}:{each['value']}" for each in known.get("identifiers", ())]
    names = " ".join(filter(None, (contact.get("first_name"), contact.get("last_name"))))
    return [
        ("known as", ", ".join(identifiers)),
        ("name", names),
        ("e-mail", contact.get("email") or ""),
        ("phone", contact.get("phone") or ""),
        ("locale", contact.get("locale") or ""),
    ]


def _standing(standing: Mapping[str, Any]) -> list[tuple[str, str]]:
    score = standing["lead_score"]
    last = standing["last_seen_at"]
    return [
        ("last seen", f"{day(instant(last))}, {clock(instant(last))}" if last else ""),
        ("lead score", "" if score is None else f"{score}, grade {standing['lead_grade']}"),
        ("consents", _listed({k: "yes" if v else "no" for k, v in standing["consents"].items()})),
        ("under way", ", ".join(_waiting(each) for each in standing["waiting"])),
        ("decided", _listed(standing["outcomes"])),
        ("messages", _listed(standing["deliveries"])),
    ]


def _waiting(passage: Mapping[str, Any]) -> str:
    if passage["due_at"] is None:
        return str(passage["playbook"])
    return f"{passage['playbook']} until {clock(instant(passage['due_at']))[:8]}"


def _listed(values: Mapping[str, object]) -> str:
    return ", ".join(f"{name} {value}" for name, value in values.items())
