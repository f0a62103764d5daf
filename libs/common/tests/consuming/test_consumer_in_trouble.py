"""The runtime when something goes wrong: gaps, failed commits, deaths, a database that was set back."""

from __future__ import annotations

import asyncio
from copy import deepcopy
from functools import partial

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from common.consuming import Consumer, FuseBlownError
from common.consuming.folding import Fuse
from common.contracts import decode_event
from common.contracts.runtime import BatchJournaled
from common.errors import PermanentError
from common.streaming.ports import Outgoing, Place
from common.testing.log import FakeLog
from libs.common.tests.consuming.making import Tally, activity, outgoing, profile
from libs.common.tests.consuming.world import World, events, make_fake_world, scored, scores, until

ANNA, BERT = profile(1), profile(2)


async def test_a_gap_stops_the_partition_and_only_it(fake_world: World) -> None:
    gap = events(1) + events(1, first=5)
    await fake_world.append("profile.activity", 0, *gap)
    other = outgoing(BERT, activity(BERT), message="b")
    async with fake_world.owner() as owner:
        await until("the first score", lambda: scored(fake_world, 1))
        await fake_world.append("profile.activity", 1, other)
        await until("the other partition's", lambda: scored(fake_world, 2))
        state = await owner.ready()

    assert "sequence_gap" in str(state["partition 0"])


async def test_a_topic_that_was_made_anew_stops_the_partition(fake_world: World) -> None:
    log = fake_world.log
    assert isinstance(log, FakeLog)
    await fake_world.append("profile.activity", 0, *events(5))
    async with fake_world.owner():
        await until("five scores", lambda: scored(fake_world, 5))
    log.recreate("profile.activity")
    await fake_world.append("profile.activity", 0, *events(2))

    async with fake_world.owner() as owner:
        stopped = await until("the alarm", lambda: alarm(owner))

    assert "outside the log" in stopped


async def alarm(owner: Consumer[Tally]) -> str:
    return str((await owner.ready()).get("partition 0", ""))


async def test_a_lost_acknowledgement_doubles_nothing_for_a_reader(fake_world: World) -> None:
    log = fake_world.log
    assert isinstance(log, FakeLog)
    await fake_world.append("profile.activity", 0, *events(5))
    log.fail_next_publishes(3, appended=True)
    async with fake_world.owner():
        await until("five scores", lambda: scored(fake_world, 5))

    assert await scores(fake_world) == [1, 2, 3, 4, 5]


async def test_a_bug_in_every_fold_stops_the_process(fake_world: World) -> None:
    poison = [outgoing(ANNA, activity(ANNA, "Poison", str(n)), message=str(n)) for n in range(3)]
    await fake_world.append("profile.activity", 0, *poison)

    with pytest.RaisesGroup(FuseBlownError):
        async with asyncio.timeout(10):
            await fake_world.consumer(Fuse(limit=3)).run()


@pytest.mark.parametrize("reason", ["commit_unknown", "database_unavailable"])
async def test_a_commit_that_failed_or_may_have_failed_doubles_and_loses_nothing(
    fake_world: World, reason: str
) -> None:
    assert fake_world.database is not None
    async with fake_world.owner():
        for first in (0, 10, 20):
            fake_world.database.fail_next_commits(reason)
            await fake_world.append("profile.activity", 0, *events(10, first=first))
            await until("the scores so far", partial(scored, fake_world, first + 10))

    assert await scores(fake_world) == list(range(1, 31))


@settings(max_examples=25, deadline=None)
@given(
    deaths=st.lists(st.integers(min_value=0, max_value=40), max_size=6),
    failures=st.lists(st.sampled_from(["commit_unknown", "database_unavailable"]), max_size=4),
    lost_answers=st.integers(min_value=0, max_value=4),
)
async def test_whatever_dies_and_fails_each_event_takes_effect_once(
    deaths: list[int], failures: list[str], lost_answers: int
) -> None:
    world = make_fake_world()
    assert isinstance(world.log, FakeLog)
    assert world.database is not None
    world.database.fail_next_commits(*failures)
    world.log.fail_next_publishes(lost_answers, appended=True)
    world.log.append(Place("profile.activity", 0), *events(30))
    for turns in deaths:
        async with world.owner():
            for _ in range(turns):
                await asyncio.sleep(0)
    async with world.owner():
        await until("thirty scores", lambda: scored(world, 30))

    assert await scores(world) == list(range(1, 31))


async def test_a_database_that_was_set_back_stops_the_process(world: World) -> None:
    await refused_once_restored(world)


async def test_an_old_record_that_lands_late_does_not_hide_that_it_was_set_back(
    world: World,
) -> None:
    # What nobody answered for was appended again, and lands once more behind what followed it.
    await refused_once_restored(world, copies=3)


async def refused_once_restored(world: World, copies: int = 0) -> None:
    """The journal knows one batch more than the database, and last of all come copies of what it knew before."""
    await world.append("profile.activity", 0, *events(1))
    async with world.owner():
        await until("the score", lambda: scored(world, 1))
    (journaled,) = await world.read("scoring.journal")
    entry = decode_event(journaled.value or b"").payload(BatchJournaled)
    later = outgoing(ANNA, msgspec.structs.replace(entry, batch=entry.batch + 1))
    await world.append("scoring.journal", 0, Outgoing(None, later.value, journaled.headers))
    for _ in range(copies):
        await world.append("scoring.journal", 0, Outgoing(None, journaled.value, journaled.headers))

    with pytest.raises(ExceptionGroup) as raised:
        async with asyncio.timeout(20):
            await world.consumer().run()

    (error,) = raised.value.exceptions
    assert isinstance(error, PermanentError)
    assert error.reason == "database_restored"


@pytest.mark.parametrize("work", [0, 1], ids=["idle", "at work"])
async def test_a_backup_put_in_place_under_a_running_process_stops_it(
    fake_world: World, work: int
) -> None:
    database = fake_world.database
    assert database is not None
    await fake_world.append("profile.activity", 0, *events(1))
    consumer = asyncio.create_task(fake_world.consumer().run())
    await until("the score", lambda: scored(fake_world, 1))
    backup = deepcopy(database.tables)
    await fake_world.append("profile.activity", 0, *events(1, first=1))
    await until("two scores", lambda: scored(fake_world, 2))

    database.tables = backup
    database.fail_next_commits("database_unavailable")
    await fake_world.append("profile.activity", 0, *events(work, first=2))

    with pytest.raises(ExceptionGroup) as raised:
        async with asyncio.timeout(20):
            await consumer
    assert raised.group_contains(PermanentError, match="database_restored")
    assert await scores(fake_world) == [1, 2]
