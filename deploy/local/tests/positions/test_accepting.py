"""Going on where a log changed: planned as the command does, and done on the runtime."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from common.consuming import Consumer
from common.streaming.oversight import Oversight
from common.streaming.ports import Outgoing, Place
from common.testing.log import FakeLog
from common.testing.postgres_oversight import FakeOversight
from cuestream.commands.positions.accepting import Plan, plan
from cuestream.commands.positions.asking import Spot, find
from cuestream.failures import FindingError
from libs.common.tests.consuming.making import LOOP, Tally, activity, outgoing, profile
from libs.common.tests.consuming.world import World, make_fake_world, until

ANNA = profile(1)
HERE = Place("profile.activity", 0)
ORIGIN = "ingest.resolve/0/x"


@pytest.fixture
def world() -> World:
    world = make_fake_world()
    world.pace = replace(world.pace, observe=0.01)
    return world


def log_of(world: World) -> FakeLog:
    assert isinstance(world.log, FakeLog)
    return world.log


def oversight(world: World) -> Oversight:
    assert world.database is not None
    return FakeOversight(world.database)


def events(*numbers: int, origin: str = ORIGIN) -> list[Outgoing]:
    return [
        outgoing(
            ANNA,
            activity(ANNA, message=f"{origin}{number}"),
            message=f"{origin}{number}",
            headers={"origin": origin.encode(), "sequence": b"%d" % number},
        )
        for number in numbers
    ]


async def counted(world: World, count: int) -> bool:
    scores = await world.read("profile.scores")
    return len({item.headers["sequence"] for item in scores}) == count


async def until_counted(world: World, count: int) -> None:
    async def reached() -> bool:
        return await counted(world, count)

    await until(f"{count} scores", reached)


async def until_stopped(owner: Consumer[Tally], why: str) -> None:
    async def stopped() -> bool:
        return why in str((await owner.ready()).get("partition 0", ""))

    await until(why, stopped)


async def planned(world: World) -> Plan | None:
    found = await find(oversight(world), world.log, Spot(LOOP, HERE))
    return plan(HERE, found)


async def accept(world: World) -> str:
    """Do what the plan says; returns it in words."""
    wanted = await planned(world)
    assert wanted is not None
    await oversight(world).accept(LOOP, wanted.acceptance)
    return " ".join(wanted.sentences)


async def read_three(world: World) -> None:
    await world.append("profile.activity", 0, *events(1, 2, 3))
    async with world.owner():
        await until_counted(world, 3)


async def test_where_nothing_changed_there_is_nothing_to_accept(world: World) -> None:
    await read_three(world)
    await world.append("profile.activity", 0, *events(4))

    assert await planned(world) is None


async def test_a_trimmed_log_is_read_on_from_its_begin(world: World) -> None:
    await read_three(world)
    await world.append("profile.activity", 0, *events(4, 5, 6, 7))
    log_of(world).trim(HERE, 5)

    async with world.owner() as owner:
        await until_stopped(owner, "log_changed")
        told = await accept(world)
        await until_counted(world, 5)
        state = await owner.ready()

    assert "2 records, 3 to 4, are gone unread" in told
    assert "It reads on at offset 5: 2 records" in told
    assert state == {"running": True, "partitions": True}


async def test_a_topic_made_anew_is_read_whole_and_its_copies_are_dropped(world: World) -> None:
    await read_three(world)
    log_of(world).recreate("profile.activity")
    await world.append("profile.activity", 0, *events(2, 3, 6))

    async with world.owner() as owner:
        await until_stopped(owner, "log_changed")
        told = await accept(world)
        await until_counted(world, 4)
        await world.append("profile.activity", 0, *events(9))
        await until_stopped(owner, "sequence_gap")

    assert "another log" in told
    assert "It reads on at offset 0: 3 records" in told
    assert await counted(world, 4)


async def test_numbers_that_never_came_are_counted_and_gone_past(world: World) -> None:
    await read_three(world)
    other = "ingest.resolve/1/x"
    await world.append("profile.activity", 0, *events(9, 10), *events(4, origin=other))

    async with world.owner() as owner:
        await until_stopped(owner, "sequence_gap")
        told = await accept(world)
        await until_counted(world, 6)
        await world.append("profile.activity", 0, *events(8), *events(11))
        await until_counted(world, 7)

    assert f"Of {ORIGIN} the numbers 4 to 8 (5) never came" in told
    assert f"Of {other} the numbers 1 to 3 (3) never came" in told


async def test_time_goes_on_where_all_that_was_missing_is_gone(world: World) -> None:
    await read_three(world)
    await world.append("profile.activity", 0, *events(4, 5))
    log_of(world).trim(HERE, 5)
    await world.state_progress([5, 0], timedelta(hours=1))

    async with world.owner() as owner:
        await until_stopped(owner, "log_changed")
        await accept(world)
        await until_counted(world, 4)  # the silence after the third

    assert await counted(world, 4)


async def test_what_is_accepted_once_is_no_licence_for_the_next_gap(world: World) -> None:
    await read_three(world)
    await world.append("profile.activity", 0, *events(4, 5, 6))
    log_of(world).trim(HERE, 5)

    async with world.owner() as owner:
        await until_stopped(owner, "log_changed")
        await accept(world)
        await until_counted(world, 4)
        await world.append("profile.activity", 0, *events(9))
        await until_stopped(owner, "sequence_gap")


async def test_a_place_that_was_never_read_has_nothing_to_accept(world: World) -> None:
    nowhere: Any = Spot(LOOP, Place("decisions", 0))

    with pytest.raises(FindingError, match="no position"):
        await find(oversight(world), world.log, nowhere)
