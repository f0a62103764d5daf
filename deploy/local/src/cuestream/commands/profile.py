"""`cuestream profile show P`: who somebody is to us, and everything that happened to them."""

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
    print_entries(story["entries"])
    warn_if_incomplete(story)


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
