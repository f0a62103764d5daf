"""`cuestream positions`: where every loop reads, and going on where a log changed under it."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from common.clock import monotonic
from common.errors import PermanentError
from common.streaming.oversight import Holding, Oversight
from common.streaming.ports import Bounds, Place
from cuestream.commands.options import Data, Json
from cuestream.commands.positions.accepting import Plan, plan
from cuestream.commands.positions.asking import (
    Spot,
    bounds_of,
    find,
    holdings,
    known_topic,
    overseeing,
    service_of,
)
from cuestream.commands.positions.telling import plain, tell
from cuestream.console import print_json, say
from cuestream.failures import FindingError, UsageError
from cuestream.reaching.installation import find_installation
from cuestream.reaching.log import open_log
from cuestream.reaching.processes import Told, ask
from cuestream.stack.postgres.roles import SERVICES

TAKING_SECONDS = 15.0
"""The owner looks once a second whether a partition that stands still was freed."""


def register(app: typer.Typer) -> None:
    """Add the commands."""
    positions = typer.Typer(help="Where every loop reads.", no_args_is_help=True)
    positions.command()(show)
    positions.command()(accept)
    app.add_typer(positions, name="positions")


def show(
    *,
    loop: Annotated[
        str | None, typer.Option(metavar="L", help="Only this one, such as scoring.consume.")
    ] = None,
    data: Data = None,
    json: Json = False,
) -> None:
    """Show, for each loop and partition, epoch, position, log, lag, virtual time, outbox and alarm.

    Exit code 1: a partition stands still with an alarm.
    """
    held, bounds, told = asyncio.run(_look(loop, data))
    if json:
        print_json(msgspec.json.encode(plain(held, bounds, told)))
    else:
        tell(held, bounds, told)
    if told.alarms:
        raise typer.Exit(1)


async def _look(
    loop: str | None, data: Path | None
) -> tuple[Sequence[Holding], Mapping[Place, Bounds], Told]:
    installation = find_installation(data)
    services = SERVICES if loop is None else [service_of(loop)]
    held = [h for h in await holdings(installation, services) if loop in (None, h.loop)]
    async with open_log(installation) as log:
        bounds = await bounds_of(log, held)
    told = await ask(installation)
    return held, bounds, told


def accept(
    loop: Annotated[str, typer.Argument(metavar="LOOP", help="Such as scoring.consume.")],
    partition: Annotated[int, typer.Argument(metavar="PARTITION")],
    topic: Annotated[str, typer.Argument(metavar="TOPIC", help="The one that changed.")],
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    data: Data = None,
    json: Json = False,
) -> None:
    """Let a partition that an alarm stopped read on, without what is lost.

    For a topic that was trimmed or made anew (`log_changed`) and for numbers that never came (`sequence_gap`).
    """
    told = asyncio.run(_accept(loop, partition, topic, yes=yes, data=data, quiet=json))
    if json:
        print_json(msgspec.json.encode(told))


async def _accept(
    loop: str, partition: int, topic: str, *, yes: bool, data: Path | None, quiet: bool
) -> Mapping[str, Any]:
    installation = find_installation(data)
    async with (
        overseeing(installation, service_of(loop)) as oversight,
        open_log(installation) as log,
    ):
        spot = Spot(loop, known_topic(topic, partition, log.partitions))
        planned = plan(spot.place, await find(oversight, log, spot))
        if planned is None:
            raise FindingError(
                f"Nothing stands in the way of {loop} at {topic}/{partition}.",
                "Nothing was changed.",
            )
        if not quiet:
            for sentence in planned.sentences:
                say(sentence)
        if not yes:
            _confirm(planned)
        epoch = await _set(oversight, spot, planned)
        taken = await _taken(oversight, spot, epoch)
    if not quiet:
        say(f"Accepted, under epoch {epoch}.")
        say("Its owner reads on." if taken else "Nobody has taken the partition yet.")
    return {
        "accepted": planned.sentences,
        "next_offset": planned.acceptance.new.next_offset,
        "epoch": epoch,
        "taken": taken,
    }


async def _set(oversight: Oversight, spot: Spot, planned: Plan) -> int:
    try:
        return await oversight.accept(spot.loop, planned.acceptance)
    except PermanentError as error:
        raise FindingError(f"Nothing was changed: {error.detail}.", "Look again.") from error


async def _taken(oversight: Oversight, spot: Spot, epoch: int) -> bool:
    """Whether a process has it again, within a while."""
    end = monotonic() + TAKING_SECONDS
    while monotonic() < end:
        for held in await oversight.holdings():
            mine = (held.loop, held.partition) == (spot.loop, spot.place.partition)
            if mine and held.epoch > epoch:
                return True
        await asyncio.sleep(0.2)
    return False


def _confirm(planned: Plan) -> None:
    if not sys.stdin.isatty():
        told = " ".join(planned.sentences)
        raise UsageError("Nobody can be asked here.", told, "Say --yes to accept that.")
    if not typer.confirm("Go on without what is lost?"):
        raise typer.Exit
