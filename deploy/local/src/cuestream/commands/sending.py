"""`cuestream halt` and `cuestream resume`: the big red button, and its release."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from cuestream.commands.options import Data, Json
from cuestream.console import print_json, say
from cuestream.reaching.caller import calling
from cuestream.reaching.installation import find_installation

ALL = "*"
Scope = Annotated[
    str, typer.Option("--workspace", metavar="W", help="Only this one; default: all of them.")
]


def register(app: typer.Typer) -> None:
    """Add both commands."""
    app.command()(halt)
    app.command()(resume)


def halt(*, workspace: Scope = ALL, data: Data = None, json: Json = False) -> None:
    """Send nothing any more, within a second, until `cuestream resume`."""
    answer = asyncio.run(_order("halt", workspace, data))
    _tell(answer, f"Nothing is sent any more{_of(workspace)}.", json=json)


def resume(*, workspace: Scope = ALL, data: Data = None, json: Json = False) -> None:
    """Let sending go on; what expired meanwhile is skipped."""
    answer = asyncio.run(_order("resume", workspace, data))
    _tell(answer, f"Sending goes on{_of(workspace)}.", json=json)


async def _order(what: str, workspace: str, data: Path | None) -> Any:
    async with calling(find_installation(data), "dispatcher") as dispatcher:
        return await dispatcher.post(f"/v1/{what}", {"workspace": workspace})


def _tell(answer: object, sentence: str, *, json: bool) -> None:
    if json:
        print_json(msgspec.json.encode(answer))
    else:
        say(sentence)


def _of(workspace: str) -> str:
    return "" if workspace == ALL else f" for the workspace {workspace}"
