"""`cuestream trace MESSAGE_ID`: what became of one message, from the edge to the mail."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

import msgspec
import typer

from common.clock import utc_now
from common.kafka import scan
from common.streaming.ports import Fetched, Place
from cuestream.commands.options import Data, Json
from cuestream.commands.stories import Workspace, clock, instant, print_entries, warn_if_incomplete
from cuestream.console import print_json, say
from cuestream.failures import FindingError
from cuestream.reaching.caller import calling
from cuestream.reaching.installation import Installation, find_installation
from cuestream.reaching.log import open_log

RAW = "ingest.events"
REJECTED = "ingest.events.quarantine"
UNDER_WAY = timedelta(hours=1)
"""How far back a message is sought that nobody has resolved yet."""


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(trace)


def trace(
    message_id: Annotated[str, typer.Argument(metavar="MESSAGE_ID", help="As the client sent it.")],
    *,
    workspace: Workspace = None,
    data: Data = None,
    json: Json = False,
) -> None:
    """Tell what became of a message: accepted, rejected or ignored, its profile, scores, decisions, deliveries.

    Takes an event's id, too. Waits for nothing: it tells what is there now. Exit code 1: rejected, ignored, or never seen.
    """
    told = asyncio.run(_trace(message_id, workspace, data))
    if json:
        print_json(msgspec.json.encode(told))
    elif told["status"] == "accepted":
        _tell_accepted(told)
    elif told["status"] == "under_way":  # also where it is only flagged so far
        at = told["appended_at"]
        say(f"{message_id} was accepted at {clock(at)} and is not resolved to a profile yet.")
    else:
        _tell_rejected(told)
    if told["status"] in ("rejected", "ignored"):
        raise typer.Exit(1)


async def _trace(message_id: str, workspace: str | None, data: Path | None) -> Mapping[str, Any]:
    installation = find_installation(data)
    async with calling(installation, "resolve") as resolve:
        found = await resolve.find(
            f"/v1/messages/{quote(message_id, safe='')}", workspace=workspace
        )
    if found is None:
        return await _sought(installation, message_id, workspace)
    taken = [m for m in found["messages"] if m.get("outcome", "accepted") == "accepted"]
    if taken:
        messages = [await _follow(installation, message) for message in taken]
        return {"status": "accepted", "message_id": message_id, "messages": messages}
    last = found["messages"][-1]
    return {
        **last,
        "status": last["outcome"],
        "appended_at": instant(last["received_at"]),
        "service": "ingest",
    }


async def _follow(installation: Installation, message: Mapping[str, Any]) -> Mapping[str, Any]:
    # What it led to went on there, if its profile has become another one.
    profile_id = message.get("merged_into") or message["profile_id"]
    async with calling(installation, "orchestrator") as orchestrator:
        story = await orchestrator.get(
            f"/v1/profiles/{profile_id}/story",
            workspace=message["workspace"],
            correlation_id=message["event_id"],
            since=(instant(message["seen_at"]) - UNDER_WAY).isoformat(),
        )
    return {**message, "complete": story["complete"], "entries": story["entries"]}


async def _sought(
    installation: Installation, message_id: str, workspace: str | None
) -> Mapping[str, Any]:
    """What the log says of a message that no profile has."""
    rejected = [
        record
        for record in await _scan(installation, REJECTED, message_id, None)
        # A fold that fails on a record does not say whose it was.
        if workspace is None or _header(record, "workspace") in ("", workspace)
    ]
    if rejected:
        record = rejected[-1]
        return {
            "status": "rejected",
            "message_id": message_id,
            "appended_at": record.appended_at,
            **{
                name: _header(record, name)
                for name in ("reason", "detail", "service", "workspace", "source")
            },
        }
    raw = await _scan(installation, RAW, message_id, utc_now() - UNDER_WAY)
    if raw:
        record = raw[0]
        return {"status": "under_way", "message_id": message_id, "appended_at": record.appended_at}
    raise FindingError(
        f"Nobody has seen {message_id}: it was neither accepted nor rejected.",
        "Did the client flush, and was it answered 2xx?",
    )


async def _scan(
    installation: Installation, topic: str, message_id: str, since: datetime | None
) -> Sequence[Fetched]:
    text = msgspec.json.encode(message_id)

    def wanted(record: Fetched) -> bool:
        return record.value is not None and text in record.value

    async with open_log(installation) as log, log.reader() as reader:
        places = [Place(topic, partition) for partition in range(log.partitions)]
        return (await scan(reader, places, wanted, since=since)).records


def _tell_accepted(told: Mapping[str, Any]) -> None:
    for message in told["messages"]:
        began = _began(message)
        noted = message.get("noted", ())
        say(
            f"{told['message_id']} was accepted at {clock(began)} from the source {message['source']}"
            f" of the workspace {message['workspace']}."
        )
        merged = message.get("merged_into")
        became = f", which was one with {merged}" if merged else ""
        for each in noted:
            say(f"  {clock(instant(each['received_at']))} {_said(each)}.")
        say(f"Event {message['event_id']}, profile {message['profile_id']}{became}.")
        print_entries(message["entries"], since=began)
        if not message["entries"]:
            say("  Nothing has followed from it yet.")
        warn_if_incomplete(message)


def _began(message: Mapping[str, Any]) -> datetime:
    """When the edge had appended it: all that follows carries that instant."""
    first = message["entries"][0]["at"] if message["entries"] else message["seen_at"]
    return min(instant(first), instant(message["seen_at"]))


def _tell_rejected(told: Mapping[str, Any]) -> None:
    source = f" from the source {told['source']}" if told.get("source") else ""
    by = f" by {told['service']}" if told["service"] else ""
    say(f"{told['message_id']}{source} was {_said(told, by, clock(told['appended_at']))}.")


def _said(noted: Mapping[str, Any], by: str = "", at: str = "") -> str:
    """One outcome in words; the reason names fields, never values."""
    outcome = noted.get("outcome") or noted["status"]
    reason = f"{noted['reason']}: {noted['detail']}" if noted["detail"] else noted["reason"]
    if outcome == "duplicate":
        return "It came again, and counts once"
    return f"{outcome}{f' at {at}' if at else ''}{by}, {reason}"


def _header(record: Fetched, name: str) -> str:
    return record.headers.get(name, b"").decode("utf-8", "replace")
