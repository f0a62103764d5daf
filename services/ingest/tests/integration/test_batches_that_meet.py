"""Batches of several partitions that come to the same people at once take turns, and none is lost."""

from __future__ import annotations

import asyncio

import pytest

from common.errors import TransientError
from common.postgres import Database
from services.ingest.tests.integration.conftest import Registry, of_user
from services.ingest.tests.integration.telling import identified, tracked
from services.ingest.tests.making import (
    accepted,
    activities,
)


async def test_two_partitions_that_meet_at_a_new_person_take_turns(registry: Registry) -> None:
    first = tracked("m1", userId="u1", anonymousId="a1", partition=0)
    second = tracked("m2", anonymousId="a1", partition=1)
    async with registry.database.transaction() as tx:
        sheet = await registry.load(tx, first)
        other = asyncio.create_task(registry.folds(second))
        await _until_waiting(registry.database)
        registry.fold(sheet, [first])
        await registry.book.save(tx, sheet)
    async with asyncio.timeout(5):
        await other

    assert await registry.owner("anonymous", "a1") == of_user("u1")
    assert await registry.count("profiles") == 1


async def test_a_place_that_was_given_up_can_be_taken(registry: Registry) -> None:
    poison = accepted({"type": "track", "userId": "u1"}, message_id="m1")
    async with registry.database.transaction() as tx:
        sheet = await registry.load(tx, poison)
        other = asyncio.create_task(registry.folds(tracked("m2", userId="u1")))
        await _until_waiting(registry.database)
        registry.fold(sheet, [poison])
        await registry.book.save(tx, sheet)
    async with asyncio.timeout(5):
        await other

    assert await registry.owner("user", "u1") == of_user("u1")


async def test_two_identifiers_of_one_person_lock_the_profile(registry: Registry) -> None:
    await registry.folds(tracked("m1", userId="u1", anonymousId="a1"))
    async with registry.database.transaction() as tx:
        mine = identified("m2", "u1", {"email": "a@example.com"})
        sheet = await registry.load(tx, mine)
        visitor = tracked("m3", anonymousId="a1", partition=1)
        other = asyncio.create_task(registry.folds(visitor))
        await _until_waiting(registry.database)
        registry.fold(sheet, [mine])
        await registry.book.save(tx, sheet)
    async with asyncio.timeout(5):
        told = await other

    assert activities(told)[0].profile_version == 1


async def test_a_message_id_that_two_people_share_counts_once_even_at_the_same_moment(
    registry: Registry,
) -> None:
    first, second = tracked("m1", userId="u1"), tracked("m1", userId="u2", partition=1)
    async with registry.database.transaction() as tx:
        sheet = await registry.load(tx, first)
        registry.fold(sheet, [first])
        await registry.book.save(tx, sheet)
        other = asyncio.create_task(registry.folds(second))
        await _until_waiting(registry.database)
    with pytest.raises(TransientError):
        async with asyncio.timeout(5):
            await other

    assert await registry.folds(second) == []
    assert await registry.count("seen_messages") == 1


async def test_batches_that_meet_crosswise_end_in_a_retry_and_not_in_a_loss(
    registry: Registry,
) -> None:
    users = [f"u{n}" for n in range(20)]

    async def until_done(partition: int, order: list[str]) -> None:
        for n, user in enumerate(order):
            pair = [user, order[(n + 7) % len(order)]]
            signals = [
                tracked(
                    f"m{partition}-{n}-{who}",
                    offset=2 * n + i,
                    userId=who,
                    anonymousId=f"a{who}",
                    partition=partition,
                )
                for i, who in enumerate(pair)
            ]
            while True:
                try:
                    await registry.folds(*signals)
                except TransientError:
                    continue
                break

    async with asyncio.timeout(60):
        await asyncio.gather(until_done(0, users), until_done(1, users[::-1]))

    assert await registry.count("profiles") == 20
    assert await registry.count("seen_messages") == 80


async def _until_waiting(database: Database) -> None:
    """Until another backend waits for a lock that we hold."""
    async with asyncio.timeout(10):
        while True:
            row = await database.fetchrow(
                "SELECT count(*) AS n FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
                " AND datname = current_database()"
            )
            if row is not None and row["n"]:
                return
