"""What the waking may rely on, asked of the index in memory and of the one on PostgreSQL."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import pytest

from common.postgres import Database, migrate
from orchestrator.ports.waking import Crowd, Sleepers
from orchestrator.store import SCHEMA, PostgresSleepers
from services.orchestrator.tests.storing import FakeSleepers, Sleeper

PEOPLE = [
    Sleeper(UUID(int=number), "shop", playbook, version, step, held=held)
    for number, playbook, version, step, held in (
        (1, "cart", "a", 0, False),
        (2, "cart", "a", 2, True),
        (3, "cart", "b", 0, False),
        (4, "cart", "c", 0, True),
        (5, "welcome", "a", 0, True),
        (6, "cart", "a", 0, False),
    )
]
_INSERT = """
INSERT INTO enrollments
  (partition, profile_id, enrollment_id, workspace, playbook, version, step, held, entered_at, moved_at)
VALUES (0, $1, $1, $2, $3, $4, $5, $6, now(), now())
"""


@asynccontextmanager
async def indexed(database: Any) -> AsyncIterator[Sleepers]:
    url = database.of(SCHEMA)
    await migrate("orchestrator.migrations", url)
    async with Database.connect(url, schema=SCHEMA, application_name="test") as connected:
        for one in PEOPLE:
            await connected.execute(_INSERT, *one)
        yield PostgresSleepers(connected)


@pytest.fixture(params=["fake", pytest.param("real", marks=pytest.mark.integration)])
async def sleepers(request: pytest.FixtureRequest) -> AsyncIterator[Sleepers]:
    if request.param == "fake":
        yield FakeSleepers(PEOPLE)
        return
    async with indexed(request.getfixturevalue("database")) as real:
        yield real


def numbers(profiles: Sequence[UUID]) -> list[int]:
    return [profile.int for profile in profiles]


async def test_the_versions_are_those_on_which_somebody_is(sleepers: Sleepers) -> None:
    assert list(await sleepers.versions("shop", "cart")) == ["a", "b", "c"]
    assert list(await sleepers.versions("shop", "birthday")) == []
    assert list(await sleepers.versions("other", "cart")) == []


async def test_a_crowd_is_told_in_the_order_of_its_profiles(sleepers: Sleepers) -> None:
    crowd = Crowd("shop", "cart", "a")

    first = await sleepers.after(crowd, None, 2)
    rest = await sleepers.after(crowd, first[-1], 2)

    assert (numbers(first), numbers(rest)) == ([1, 2], [6])
    assert list(await sleepers.after(crowd, rest[-1], 2)) == []


async def test_a_crowd_may_be_those_at_some_steps(sleepers: Sleepers) -> None:
    assert numbers(await sleepers.after(Crowd("shop", "cart", "a", (2, 3)), None, 9)) == [2]


async def test_a_crowd_may_be_those_whom_a_pause_holds_on_whatever_version(
    sleepers: Sleepers,
) -> None:
    assert numbers(await sleepers.after(Crowd("shop", "cart", None), None, 9)) == [2, 4]


async def test_it_is_one_process_turn_at_a_time(sleepers: Sleepers) -> None:
    async with sleepers.turn() as mine, sleepers.turn() as also:
        assert (mine, also) == (True, False)
    async with sleepers.turn() as again:
        assert again
