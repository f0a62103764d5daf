"""Plays one schedule from its first event until all has come to rest."""

from __future__ import annotations

from common.streaming.ports import Place
from tests.simulation.checking import violations
from tests.simulation.event_loop import PAUSED, RUNNING
from tests.simulation.resting import unrest
from tests.simulation.restoring import (
    AFTERWARDS,
    LANDED,
    schedule_restore,
    wrongs_after_restore,
)
from tests.simulation.schedule import PARTITIONS, schedule_of
from tests.simulation.services import ACTIVITY, INPUTS, RAW, RESOLVE, SCORING
from tests.simulation.world import Parts, World

PATIENCE = 120.0
"""Seconds that everything may take to come to rest once nothing fails any more."""
MOST_STEPS = 200_000
LOOK = 0.4
"""Seconds between two looks whether it has."""


def play(seed: int, parts: Parts | None = None) -> World:
    """Run a schedule; `world.broken` holds every promise that was not kept."""
    world = World(schedule_of(seed), parts or Parts())
    try:
        _day(world)
        if world.schedule.restore is None:
            _night(world)
            world.broken = violations(world)
        else:
            world.weather.clear()
            until = world.schedule.restore[1] + LANDED + AFTERWARDS
            world.loop.run_while(lambda: not world.broken, until=until, steps=MOST_STEPS)
            world.broken = list(wrongs_after_restore(world))
    finally:
        world.loop.abandon()
    return world


def _day(world: World) -> None:
    schedule, random = world.schedule, world.random
    for service, count in zip((RESOLVE, SCORING), schedule.owners, strict=True):
        for _ in range(count):
            start = schedule.late_start if service == SCORING else 0.0
            world.later(start + random.random() * 0.1, world.start, service)
    for sending in schedule.sendings:
        world.later(sending.at, world.send, sending)
    if schedule.restore is not None:
        schedule_restore(world)
    if schedule.late_start:
        world.later(schedule.late_start * random.uniform(0.5, 1.0), _trim_unread, world)
    for _ in range(random.randint(0, 3)):
        world.later(random.random() * schedule.end, _disturb, world)
    world.loop.run_while(lambda: not world.broken, until=schedule.end, steps=MOST_STEPS)


def _disturb(world: World) -> None:
    """Something from outside: operators, the scheduler of the machines, retention."""
    random = world.random
    kinds = sorted(world.schedule.kinds & {"crash", "pause", "stop", "rebalance", "trim"})
    running = [r for r in world.running if r.process.state == RUNNING]
    if not kinds or not running or world.calm:
        return
    kind, victim = random.choice(kinds), random.choice(running)
    world.weather.note(f"{kind} {victim.process.name}")
    if kind == "crash":
        world.kill(victim.process)
    elif kind == "pause":
        world.pause(victim.process)
    elif kind == "stop":
        world.stop(victim.process)
    elif kind == "rebalance":
        world.group(victim.service).rebalance()
    else:
        _trim_read(world)


def _trim_read(world: World) -> None:
    """Retention: what was read is gone, or a part of it."""
    for partition in range(PARTITIONS):
        for loop, topic in ((RESOLVE, RAW), *((SCORING, topic) for topic in INPUTS)):
            place = Place(topic, partition)
            position = world.database.tables["positions", loop, partition].get(place)
            begin, _ = world.log.bounds(place)
            if position is not None and position.next_offset > begin:
                world.log.trim(place, world.random.randint(begin, position.next_offset))


def _trim_unread(world: World) -> None:
    """Retention took the beginning of a topic before a service that reads it was deployed."""
    for partition in range(PARTITIONS):
        place = Place(ACTIVITY, partition)
        world.log.trim(place, world.random.randint(*world.log.bounds(place)))


def _night(world: World) -> None:
    """Nothing fails any more; whoever was stopped comes back, and the group has its last word."""
    world.weather.clear()
    world.calm = True
    for running in list(world.running):
        if running.process.state == PAUSED:
            world.resume(running.process)
    for service in (RESOLVE, SCORING):
        world.later(0.0, world.group(service).rebalance)
    deadline = world.loop.now + PATIENCE
    why = unrest(world)
    while why and not world.broken and world.loop.now < deadline and world.loop.steps < MOST_STEPS:
        until = world.loop.now + LOOK
        world.loop.run_while(lambda: not world.broken, until=until, steps=MOST_STEPS)
        why = unrest(world)
    world.broken += [f"does not come to rest: {reason}" for reason in why]
