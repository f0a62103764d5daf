"""`cuestream tail TOPIC`: a topic as it grows, without a consumer group."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Annotated, Any
from uuid import UUID

import msgspec
import typer
from rich.text import Text

from common.contracts import load_topics
from common.kafka import KafkaLog
from common.streaming.ports import Fetched, Place
from cuestream.commands.options import Data
from cuestream.commands.stories import Workspace, clock
from cuestream.console import OUT
from cuestream.failures import UsageError
from cuestream.reaching.installation import Installation, find_installation
from cuestream.reaching.log import open_log
from cuestream.reaching.people import find_person

_BATCH, _WAIT = 500, 0.5
_FIELDS = 6
_HASH = 64
_LONGEST = 60
_TICK = b'"type":"ingest.ticked.v1"'
_MANY = 2
_OTHER_KEYS = (
    "ingest.events",
    "ingest.journal",
    "scoring.journal",
    "orchestrator.journal",
    "dispatcher.journal",
)
"""What is keyed by the client’s ids or by a partition’s number."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be printed, and how."""

    topic: str
    profile: str | None = None
    """As `find_person` takes it; None: everybody’s."""
    workspace: str | None = None
    from_beginning: bool = False
    count: int | None = None
    json: bool = False


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(tail)


def tail(
    topic: Annotated[str, typer.Argument(metavar="TOPIC", help="Such as decisions.")],
    *,
    profile: Annotated[
        str | None, typer.Option(metavar="P", help="Only this profile’s: user:ID, … or its id.")
    ] = None,
    from_beginning: Annotated[
        bool, typer.Option("--from-beginning", help="Everything that the topic still holds.")
    ] = False,
    count: Annotated[int | None, typer.Option(min=1, help="End after so many.")] = None,
    workspace: Workspace = None,
    data: Data = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON lines.")] = False,
) -> None:
    """Print what is appended to a topic, until Ctrl-C."""
    check_topic(topic, by_profile=profile is not None)
    wish = Wish(topic, profile, workspace, from_beginning, count, json)
    try:
        asyncio.run(follow(find_installation(data), wish))
    except (KeyboardInterrupt, BrokenPipeError):
        return


async def follow(installation: Installation, wish: Wish) -> None:
    """Print until the count is reached.

    Raises:
        UnreachableError: the log cannot be reached.
    """
    key = await _key(installation, wish)
    left = wish.count
    async with open_log(installation) as log, log.reader() as reader:
        bounds = await reader.bounds(_places(log, wish.topic, key))
        starts = {p: b.begin if wish.from_beginning else b.end for p, b in bounds.items()}
        await reader.assign(starts)
        while left is None or left > 0:
            fetched = [f for f in await reader.poll(_BATCH, _WAIT) if _is_wanted(f, key, wish)]
            for item in fetched[:left]:
                _print(item, json=wish.json)
            left = None if left is None else left - len(fetched)


def _is_wanted(item: Fetched, key: bytes | None, wish: Wish) -> bool:
    if key not in (None, item.key):
        return False
    # Ticks come four times a second and tell a reader nothing.
    return wish.json or item.value is None or _TICK not in item.value


async def _key(installation: Installation, wish: Wish) -> bytes | None:
    if wish.profile is None:
        return None
    person = await find_person(installation, wish.profile, wish.workspace)
    return str(person.profile_id).encode()


def check_topic(topic: str, *, by_profile: bool) -> None:
    """See that there is such a topic, and that it knows profiles where one is asked for.

    Raises:
        UsageError: it is not so.
    """
    known = load_topics(_MANY)
    if topic not in known.by_name:
        near = get_close_matches(topic, list(known.by_name), n=1)
        hint = f"Did you mean {near[0]}?" if near else f"Topics: {', '.join(known.by_name)}."
        raise UsageError(f"There is no topic {topic}.", hint)
    if by_profile and (known[topic].partitions < _MANY or topic.startswith(_OTHER_KEYS)):
        raise UsageError(f"The records of {topic} are not kept by profile.")


def _places(log: KafkaLog, topic: str, key: bytes | None) -> Collection[Place]:
    if key is not None:
        return [Place(topic, log.partition_for(topic, key))]
    count = load_topics(log.partitions)[topic].partitions
    return [Place(topic, partition) for partition in range(count)]


def _print(item: Fetched, *, json: bool) -> None:
    if json:
        sys.stdout.write(msgspec.json.encode(_plain(item)).decode() + "\n")
        sys.stdout.flush()
    else:
        OUT.print(_line(item))


def _plain(item: Fetched) -> Mapping[str, Any]:
    return {
        "topic": item.place.topic,
        "partition": item.place.partition,
        "offset": item.offset,
        "appended_at": item.appended_at,
        "key": _text(item.key),
        "headers": {name: _text(value) for name, value in item.headers.items()},
        "value": _value(item),
    }


def _line(item: Fetched) -> Text:
    line = Text(f"{clock(item.appended_at)}  {item.place.partition}@{item.offset:<6} ", style="dim")
    value = _value(item)
    if not isinstance(value, Mapping) or "type" not in value:
        return line.append(_shortened(value, 200), style="not dim")
    line.append(str(value["type"]).removesuffix(".v1"), style="not dim bold")
    subject = str(value.get("subject", ""))
    line.append(f"  {value.get('workspace', '')}  {subject[:8] if _is_uuid(subject) else subject}")
    data = value.get("data")
    told = _scalars(data) if isinstance(data, Mapping) else ""
    return line.append(f"  {told}", style="not dim")


def _scalars(data: Mapping[str, Any]) -> str:
    """The fields that say something at a glance: no ids, nothing nested, nothing empty."""
    told = [
        f"{name}={_shortened(value, _LONGEST)}"
        for name, value in data.items()
        if isinstance(value, str | int | float) and value != "" and not _is_code(str(value))
    ]
    return " ".join(told[:_FIELDS])


def _value(item: Fetched) -> Any:
    if item.value is None:
        return None
    try:
        return msgspec.json.decode(item.value)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return _text(item.value)


def _text(raw: bytes | None) -> str | None:
    return None if raw is None else raw.decode("utf-8", "replace")


def _shortened(value: object, longest: int) -> str:
    text = "(tombstone)" if value is None else str(value).replace("\n", " ")
    return text if len(text) <= longest else text[: longest - 1] + "…"


def _is_code(text: str) -> bool:
    """Ids and hashes say nothing at a glance."""
    return _is_uuid(text) or (len(text) == _HASH and text.isalnum())


def _is_uuid(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True
