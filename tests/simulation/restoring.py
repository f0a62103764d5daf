"""A backup is put in the database's place: whoever finds that the log knows more must not do a thing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from common.contracts import decode_event
from common.contracts.runtime import BatchJournaled
from common.streaming.ports import Place
from tests.simulation.event_loop import DEAD
from tests.simulation.schedule import PARTITIONS
from tests.simulation.services import RESOLVE, SCORING
from tests.simulation.world import World

LANDED = 8.0
"""Seconds until no request of a dead process is on its way any more."""
AFTERWARDS = 8.0
"""Seconds that the restored world is watched."""


def schedule_restore(world: World) -> None:
    """Back up now and then stop everything, as the runbook says, and come back with the backup."""
    assert world.schedule.restore is not None
    backed_up, stopped = world.schedule.restore
    world.later(backed_up, world.back_up)
    world.later(stopped, _stop_all, world)


def _stop_all(world: World) -> None:
    world.dark = True
    for running in list(world.running):
        if running.process.state != DEAD:
            world.kill(running.process)
    world.later(LANDED, _restore, world)


def _restore(world: World) -> None:
    world.database.tables = world.backup
    for loop in (RESOLVE, SCORING):
        for partition in range(PARTITIONS):
            committed = world.backup["partitions", loop].get(partition, (0, 0))[1]
            world.known[loop, partition] = (_journaled(world, loop, partition), committed)
    world.dark = False
    for service, count in zip((RESOLVE, SCORING), world.schedule.owners, strict=True):
        for _ in range(count):
            world.start(service)


def wrongs_after_restore(world: World) -> Iterator[str]:
    """Nothing may be said twice in different words, and no partition may move that the log knows more of."""
    yield from world.broken
    said: defaultdict[tuple[Place, bytes, bytes], set[bytes | None]] = defaultdict(set)
    for place, items in world.log.history.items():
        for item in items:
            if "sequence" in item.headers:
                key = (place, item.headers["origin"], item.headers["sequence"])
                said[key].add(item.value)
    yield from (f"{key} was said in {len(v)} ways" for key, v in said.items() if len(v) > 1)
    for loop in (RESOLVE, SCORING):
        for partition in range(PARTITIONS):
            yield from _moved(world, loop, partition)


def _moved(world: World, loop: str, partition: int) -> Iterator[str]:
    known, restored = world.known[loop, partition]
    batch = world.database.tables["partitions", loop].get(partition, (0, 0))[1]
    if known > restored and batch != restored:
        yield f"{loop}/{partition} went on from {restored} to {batch}; the log knew {known}"


def _journaled(world: World, loop: str, partition: int) -> int:
    """The last batch that the log knows."""
    place = Place(loop.split(".", 1)[0] + ".journal", partition)
    entries = (decode_event(item.value or b"") for item in world.log.history[place])
    return max((entry.payload(BatchJournaled).batch for entry in entries), default=0)
