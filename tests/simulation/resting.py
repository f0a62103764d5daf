"""Tells whether everything that was accepted has taken its whole effect."""

from __future__ import annotations

from common.contracts import decode_event
from common.contracts.ingestion import IngestTicked
from common.errors import PermanentError
from common.streaming.ports import Place
from tests.simulation.event_loop import PAUSED
from tests.simulation.schedule import PARTITIONS
from tests.simulation.services import INPUTS, RAW, RESOLVE, SCORING
from tests.simulation.world import World


def unrest(world: World) -> list[str]:
    """What is still to come; nothing when all is at rest."""
    alarms, lost = alarms_of(world), world.log.lost
    if lost is None and alarms:
        world.broken += alarms
        return alarms
    waiting = [f"{world.log.under_way} requests"] if world.log.under_way else []
    waiting += [f"{world.database.in_doubt} commits"] if world.database.in_doubt else []
    waiting += [r.process.name for r in world.running if r.process.state == PAUSED]
    for partition in range(PARTITIONS):
        waiting += _unread(world, RESOLVE, RAW, partition)
        waiting += _left(world, RESOLVE, "outbox", partition)
        waiting += _left(world, SCORING, "outbox", partition)
        if lost is None or partition != lost[0].partition:
            for topic in INPUTS:
                waiting += _unread(world, SCORING, topic, partition)
        if lost is None:
            waiting += _left(world, SCORING, "timers", partition)
    if lost is not None and not alarms and _is_noticeable(world):
        waiting.append("nobody noticed that the brokers lost a record")
    return waiting


def alarms_of(world: World) -> list[str]:
    """Why partitions were stopped."""
    return [
        f"{running.process.name} stopped partition {partition}: {why}"
        for running in world.running
        if running.consumer._runner is not None
        for partition, why in running.consumer._runner.ownership.stopped.items()
    ]


def _left(world: World, loop: str, table: str, partition: int) -> list[str]:
    rows = world.database.tables[table, loop, partition]
    return [f"{len(rows)} rows of {table} of {loop}/{partition}"] if rows else []


def _unread(world: World, loop: str, topic: str, partition: int) -> list[str]:
    place = Place(topic, partition)
    position = world.database.tables["positions", loop, partition].get(place)
    begin, end = world.log.bounds(place)
    after = begin if position is None else position.next_offset
    left = [item for item in world.log.history[place][after:end] if not _is_tick(item.value)]
    return [f"{len(left)} records of {place}"] if left else []


def _is_tick(value: bytes | None) -> bool:
    try:
        return decode_event(value or b"").type == IngestTicked.TYPE
    except PermanentError:
        return False


def _is_noticeable(world: World) -> bool:
    """Whether the brokers lost a record and took a later one of the same origin to the same place."""
    if world.log.lost is None:
        return False
    place, origin, sequence = world.log.lost
    return any(
        item.headers["origin"] == origin and int(item.headers["sequence"]) > int(sequence)
        for item in world.log.history[place]
    )
