"""`cuestream why PROFILE`: why somebody got a message, or did not."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer
from rich.text import Text

from common.clock import utc_now
from cuestream.commands.options import Data, Json
from cuestream.commands.stories import TONES, Workspace, clock, instant, warn_if_incomplete
from cuestream.console import OUT, print_json, say
from cuestream.failures import UsageError
from cuestream.reaching.caller import calling
from cuestream.reaching.installation import find_installation
from cuestream.reaching.people import find_person

Profile = Annotated[
    str,
    typer.Argument(
        metavar="PROFILE",
        help="user:ID, anon:ID, email:ADDRESS, phone:NUMBER, KIND:ID or a profile’s id.",
    ),
]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(why)


def why(
    profile: Profile,
    *,
    playbook: Annotated[
        str | None, typer.Option(metavar="X", help="Only what this playbook ruled.")
    ] = None,
    at: Annotated[
        str | None, typer.Option(metavar="T", help="As it was then: 14:30, 2026-05-01T14:30, ….")
    ] = None,
    workspace: Workspace = None,
    data: Data = None,
    json: Json = False,
) -> None:
    """Tell the last ruling on a profile, and what led to it."""
    told = asyncio.run(_ask(profile, playbook, None if at is None else moment(at), workspace, data))
    if json:
        print_json(msgspec.json.encode(told))
        return
    about = f", playbook {told['playbook']}" if told["playbook"] else ""
    say(f"Profile {told['profile_id']}{about}")
    if told.get("merged"):
        say(f"Was one with {', '.join(told['merged'])}.")
    OUT.print(Text(told["verdict"], style=f"bold {TONES[told['tone']]}"))
    for because in told["because"]:
        OUT.print(_line(because))
    warn_if_incomplete(told)


def _line(because: Mapping[str, Any]) -> Text:
    if because["at"] is not None:
        line = Text(f"  {clock(instant(because['at']))}  ", style="dim")
        return line.append(because["text"], style="not dim")
    sign, style = {True: ("✓", "green"), False: ("✕", "magenta"), None: ("•", "")}[because["ok"]]
    return Text(f"  {'':<12}    {sign} {because['text']}", style=style)


async def _ask(
    profile: str,
    playbook: str | None,
    at: datetime | None,
    workspace: str | None,
    data: Path | None,
) -> Mapping[str, Any]:
    installation = find_installation(data)
    person = await find_person(installation, profile, workspace)
    async with calling(installation, "orchestrator") as orchestrator:
        told: Mapping[str, Any] = await orchestrator.get(
            f"/v1/profiles/{person.profile_id}/why",
            workspace=person.workspace,
            playbook=playbook,
            at=None if at is None else at.isoformat(),
        )
    return told


def moment(text: str) -> datetime:
    """An instant as people write it: a time of today, or a date with a time; without a zone, ours.

    Raises:
        UsageError: it is none.
    """
    today = utc_now().astimezone()
    for written in (text, f"{today:%Y-%m-%d}T{text}"):
        try:
            return datetime.fromisoformat(written).astimezone()
        except ValueError:
            continue
    raise UsageError(f"{text} is no instant.", "Say 14:30, 14:30:15 or 2026-05-01T14:30:15+02:00.")
