"""What the metrics say of a loop, while it runs, when it stands still, and when it has gone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import msgspec
import pytest
from prometheus_client import REGISTRY

from common.publishing.outbox import Outbox
from common.streaming import metrics
from common.streaming.ports import OutboxRow, Outgoing, Place
from common.testing.log import FakeLog
from common.testing.postgres import FakeDatabase
from common.testing.postgres_ledger import FakeLedger
from libs.common.tests.consuming.making import LOOP, activity, outgoing, profile
from libs.common.tests.consuming.world import World, make_fake_world, until

ANNA = profile(1)
HERE = Place("profile.activity", 0)
DAY = 86_400.0


@pytest.fixture
def world() -> World:
    for loop, partition in list(metrics._shown):  # of the owners of other tests
        metrics.forget(loop, partition)
    world = make_fake_world()
    world.pace = replace(world.pace, observe=0.005)
    return world


def told(
    name: str, *, partition: int | None = 0, topic: str = "", reason: str = ""
) -> float | None:
    named = {} if partition is None else {"partition": str(partition)}
    more = {name: value for name, value in (("topic", topic), ("reason", reason)) if value}
    return REGISTRY.get_sample_value(f"cuestream_{name}", {"loop": LOOP, **named, **more})


async def until_told(what: str, holds: Callable[[], bool]) -> None:
    async def answer() -> bool:
        return holds()

    await until(what, answer)


async def until_folded(world: World, count: int) -> None:
    async def folded() -> bool:
        return len(await world.read("profile.scores")) >= count

    await until(f"{count} scores", folded)


def events(*numbers: int) -> list[Outgoing]:
    headers = [{"origin": b"ingest.resolve/0/x", "sequence": b"%d" % n} for n in numbers]
    return [
        outgoing(ANNA, activity(ANNA, message=str(n)), message=str(n), headers=marks)
        for n, marks in zip(numbers, headers, strict=True)
    ]


async def test_a_loop_that_keeps_up_has_no_lag_and_all_the_time_there_is(world: World) -> None:
    await world.append("profile.activity", 0, *events(1, 2, 3))
    async with world.owner():
        await until_folded(world, 3)
        await until_told("no lag", lambda: told("lag_records", topic="profile.activity") == 0)
        await world.state_progress([3, 0], timedelta(seconds=-2))
        await until_told("a time", lambda: told("virtual_time_lag_seconds") is not None)
        headroom, lag = (
            told("headroom_seconds", topic="profile.activity"),
            told("virtual_time_lag_seconds"),
        )
        pending, overdue = told("timers_pending", partition=None), told("timers_overdue_seconds")

    assert headroom == 30 * DAY
    assert 2 <= (lag or 0) < 60
    assert (pending, overdue) == (1, 0)


async def test_a_partition_that_stands_still_shows_what_it_misses(world: World) -> None:
    await world.append("profile.activity", 0, *events(1))
    async with world.owner():
        await until_folded(world, 1)
    await world.append("profile.activity", 0, *events(2, 3, 4))
    assert isinstance(world.log, FakeLog)
    world.log.trim(HERE, 2)

    async with world.owner():
        await until_told("the alarm", lambda: told("partition_stopped", reason="log_changed") == 1)
        await until_told("its lag", lambda: told("lag_records", topic="profile.activity") == 3)


async def test_what_may_fire_and_does_not_is_counted(world: World) -> None:
    await world.append("profile.activity", 0, *events(1))
    async with world.owner():
        await until_folded(world, 1)
    ledger = world.ledger()
    standing = (await ledger.take_over([0]))[0]
    assert standing.next_due is not None
    due = standing.next_due

    early, late = await ledger.measure({0: due}), await ledger.measure({0: due + timedelta(1)})

    assert (early.held, late.held) == ({0: 0}, {0: 1})


def test_what_was_shown_of_a_partition_goes_with_it() -> None:
    metrics.show(metrics.LAG, 7, LOOP, 9, "decisions")
    before = told("lag_records", partition=9, topic="decisions")

    metrics.forget(LOOP, 9)
    metrics.forget(LOOP, 9)

    assert (before, told("lag_records", partition=9, topic="decisions")) == (7, None)


def test_a_child_is_looked_up_once() -> None:
    first = metrics.child(metrics.RECORDS, LOOP, "decisions")

    assert metrics.child(metrics.RECORDS, LOOP, "decisions") is first
    assert metrics.child(metrics.RECORDS, LOOP, "journey.steps") is not first


async def test_the_oldest_row_of_an_outbox_ages_until_it_is_acknowledged() -> None:
    log, now = FakeLog(2), [100.0]
    async with log.publisher() as publisher:
        ledger = FakeLedger(FakeDatabase(), LOOP)
        box = Outbox(LOOP, None, ledger, publisher, monotonic=lambda: now[0])
        row = OutboxRow(0, 1, 0, Place("decisions", 0), Outgoing(b"k", b"v"))
        empty = box.age
        box.add([row])
        now[0] = 103.0
        box.add([msgspec.structs.replace(row, ordinal=1)])
        now[0] = 107.0

    assert (empty, box.age, box.depth) == (0.0, 7.0, 2)
