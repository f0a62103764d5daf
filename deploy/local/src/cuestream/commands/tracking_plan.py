"""`cuestream tracking-plan infer`: a first tracking plan, made of what arrived."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
import typer
import yaml

from common.clock import utc_now
from common.contracts import decode_event, load_topics
from common.contracts.ingestion import EventAccepted
from common.documents import parse_duration
from common.errors import PermanentError
from common.kafka import scan
from common.streaming.ports import Fetched, Place
from cuestream.commands.options import Data, Json
from cuestream.console import OUT, print_json, say
from cuestream.failures import FindingError, UsageError
from cuestream.reaching.installation import Installation, find_installation
from cuestream.reaching.log import open_log

if TYPE_CHECKING:
    from ingest.domain.inference import Inference

TOPIC = "ingest.events"
SECONDS = 600.0
"""A log of weeks takes minutes."""
_HEAD = """\
# Made by `cuestream tracking-plan infer` of {count} events. Read it before it is published: what is required, what is personal
# (x-personal stays in ingest), and which events nobody meant to send.
"""


def register(app: typer.Typer) -> None:
    """Add the command."""
    plan = typer.Typer(help="What the sources are expected to send.", no_args_is_help=True)
    plan.callback()(_together)
    plan.command()(infer)
    app.add_typer(plan, name="tracking-plan")


def _together() -> None:
    """With a callback, a lone subcommand keeps its name."""


def infer(
    *,
    workspace: Annotated[str, typer.Option(metavar="W", help="Whose events.")] = "default",
    source: Annotated[str | None, typer.Option(metavar="S", help="Only of this source.")] = None,
    since: Annotated[
        str | None, typer.Option(metavar="AGE", help="Such as 7d; default: all that is kept.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Such as tracking/W.yaml; never replaced.")
    ] = None,
    data: Data = None,
    json: Json = False,
) -> None:
    """Make a tracking plan under which everything that arrived is good: names and kinds of values, no values."""
    if out is not None and out.exists():
        raise UsageError(f"{out} is there already.", "Name another file, and compare the two.")
    look = Look(workspace, source, _inference())
    installation, begin = find_installation(data), _instant(since)
    complete = asyncio.run(_read(installation, look, begin))
    counts = look.inference.counts
    if not counts:
        raise FindingError(f"Nothing that a plan could describe has arrived in {workspace}.")
    if json:
        print_json(
            msgspec.json.encode(
                {"plan": look.inference.plan(), "events": counts, "complete": complete}
            )
        )
        return
    text = written(look.inference.plan(), sum(counts.values()))
    if out is None:
        OUT.file.write(text)
        return
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(text, encoding="utf-8")
    part = "" if complete else f" The log was not read to its end within {SECONDS:.0f} s."
    say(f"{out} describes {len(counts)} events.{part} Publish it with `cuestream apply`.")


@dataclass(slots=True)
class Look:
    """What is looked at, and what was seen."""

    workspace: str
    source: str | None
    inference: Inference = field(repr=False)

    def take(self, record: Fetched) -> bool:
        """See one record; none of them needs to be kept."""
        payload = self._payload(record.value)
        seen = None if payload is None else _arrived(payload)
        if seen is not None:
            self.inference.look(*seen)
        return False

    def _payload(self, value: bytes | None) -> EventAccepted | None:
        try:
            event = decode_event(value or b"")
            if event.type != EventAccepted.TYPE or event.workspace != self.workspace:
                return None
            payload = event.payload(EventAccepted)
        except PermanentError:
            return None  # a stranger's; resolve sets it aside
        return payload if self.source in (None, payload.source) else None


def written(plan: Mapping[str, Any], count: int) -> str:
    """The plan as its file says it."""
    return _HEAD.format(count=count) + yaml.safe_dump(
        dict(plan), sort_keys=False, allow_unicode=True, width=120
    )


async def _read(installation: Installation, look: Look, since: datetime | None) -> bool:
    async with open_log(installation) as log, log.reader() as reader:
        count = load_topics(log.partitions)[TOPIC].partitions
        places = [Place(TOPIC, partition) for partition in range(count)]
        scanned = await scan(reader, places, look.take, since=since, seconds=SECONDS)
    return scanned.complete


def _instant(age: str | None) -> datetime | None:
    try:
        return None if age is None else utc_now() - parse_duration(age)
    except ValueError as error:
        raise UsageError(f"--since: {error}.") from error


def _inference() -> Inference:
    try:
        from ingest.domain.inference import Inference  # noqa: PLC0415 - part of the extra `local`
    except ImportError as error:
        raise UsageError(
            "This needs cuestream's services beside the command.", "Install `cuestream[local]`."
        ) from error
    return Inference()


def _arrived(payload: EventAccepted) -> tuple[str, Mapping[str, Any]] | None:
    from ingest.domain.inference import arrived  # noqa: PLC0415 - as above

    return arrived(payload)
