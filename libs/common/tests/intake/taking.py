"""Takes records as a batch would, read ahead and not."""

from __future__ import annotations

from copy import deepcopy
from datetime import datetime

from common.clock import EPOCH
from common.configuration import Configuration
from common.contracts import payload_types
from common.intake.decoding import Decoder, Intake
from common.intake.holding import Holds
from common.streaming.ports import Fetched, Outgoing, Place, Position, Standing
from libs.common.tests.consuming.making import (
    RELEASES,
    activity,
    fetched,
    outgoing,
    profile,
)

ANNA = profile(1)
PLACE = Place("profile.activity", 0)


class Seconds:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def take(
    *records: Outgoing,
    configuration: Configuration = RELEASES,
    holds: Holds | None = None,
    begin: int = 0,
    positions: dict[Place, Position] | None = None,
    live_since: datetime = EPOCH,
    topic: str = "profile.activity",
    anchor: str = "profile.activity",
    unsequenced: frozenset[str] = frozenset(),
) -> tuple[Intake, list[Fetched]]:
    """Take the records as they were read; read ahead or not, they come to the same."""
    items = [fetched(record, at, topic=topic) for at, record in enumerate(records, begin)]
    standings = {0: Standing(partition=0, epoch=1, batch=0, positions=positions or {})}

    def taken(decoder: Decoder) -> tuple[Intake, list[Fetched]]:
        waits = deepcopy(holds) or Holds(Seconds())
        intakes, held = decoder.take(items, standings, configuration, waits)
        return intakes[0], held

    def decoder() -> Decoder:
        return Decoder(
            loop="test.consume",
            anchor=anchor,
            types=frozenset(payload_types()),
            inputs=(topic,),
            unsequenced=unsequenced,
            live_since=live_since,
        )

    ahead = decoder()
    ahead.prepare(items)
    assert taken(ahead) == taken(decoder())
    intakes, held = decoder().take(items, standings, configuration, holds or Holds(Seconds()))
    return intakes[0], held


def good(**headers: bytes) -> Outgoing:
    return outgoing(ANNA, activity(ANNA), headers=headers)


def reasons(intake: Intake) -> list[str]:
    return [poison.reason for poison in intake.poison]
