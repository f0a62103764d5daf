"""The pool against a server that refuses, ends connections and restarts."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from common.errors import PermanentError, TransientError
from common.postgres import Database
from common.postgres.failures import DRIVER_ERRORS
from cuestream.stack.postgres import start_postgres

pytestmark = pytest.mark.integration


async def test_a_transaction_commits_on_leaving_and_rolls_back_on_an_exception(real: Any) -> None:
    database = real.database
    async with database.transaction() as tx:
        await tx.execute("CREATE TABLE things (id int PRIMARY KEY)")
        await tx.execute("INSERT INTO things VALUES ($1)", 1)

    async def fail() -> None:
        async with database.transaction() as tx:
            assert await tx.execute("INSERT INTO things VALUES ($1)", 2) == "INSERT 0 1"
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()

    assert [row["id"] for row in await database.fetch("SELECT id FROM things")] == [1]


async def test_a_cancelled_transaction_rolls_back_and_gives_its_connection_back(real: Any) -> None:
    database = real.database
    await database.execute("CREATE TABLE things (id int PRIMARY KEY)")
    inside = asyncio.Event()

    async def wait_inside() -> None:
        async with database.transaction() as tx:
            await tx.execute("INSERT INTO things VALUES (1)")
            inside.set()
            await tx.fetch("SELECT pg_sleep(60)")

    for _ in range(10):  # more often than there are connections
        task = asyncio.create_task(wait_inside())
        await inside.wait()
        inside.clear()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    assert await database.fetch("SELECT id FROM things") == []


async def test_of_those_who_ask_for_a_turn_one_at_a_time_is_given_it(real: Any) -> None:
    database = real.database
    async with database.turn(7) as ours, database.turn(7) as theirs, database.turn(8) as other:
        assert (ours, theirs, other) == (True, False, True)
    async with database.turn(7) as again:
        assert again


async def test_who_is_cancelled_in_their_turn_ends_though_the_connection_is_gone(real: Any) -> None:
    """An error at the end in place of the cancellation would have them go on, and the process never end."""
    database = real.database
    inside = asyncio.Event()

    async def hold() -> None:
        while True:
            with suppress(TransientError):
                async with database.turn(7):
                    inside.set()
                    await asyncio.Event().wait()

    task = asyncio.create_task(hold())
    await inside.wait()
    await database.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND objid = 7"
    )
    task.cancel()

    assert await asyncio.wait([task], timeout=10) == ({task}, set())


@pytest.mark.parametrize(
    ("statement", "value"),
    [
        ("INSERT INTO things VALUES (2, $1)", "a\x00b"),
        ("INSERT INTO things VALUES (2, $1)", "\ud800"),
        ("INSERT INTO things VALUES (1, $1)", "twice"),
        ("INSERT INTO things VALUES (2, $1)", None),
    ],
)
async def test_what_the_database_never_takes_is_permanent_and_quotes_no_value(
    real: Any, statement: str, value: str | None
) -> None:
    database = real.database
    await database.execute("CREATE TABLE things (id int PRIMARY KEY, name text NOT NULL)")
    await database.execute("INSERT INTO things VALUES (1, 'one')")

    with pytest.raises(PermanentError, match="rejected_by_database") as rejected:
        await database.execute(statement, value)

    assert "twice" not in str(rejected.value)
    assert rejected.value.__cause__ is None


async def test_a_wrong_statement_is_a_bug(real: Any) -> None:
    with pytest.raises(DRIVER_ERRORS[0], match="syntax"):
        await real.database.execute("SELEKT 1")


async def test_a_deadlock_is_transient(real: Any) -> None:
    database = real.database
    await database.execute("CREATE TABLE things (id int PRIMARY KEY, n int)")
    await database.execute("INSERT INTO things VALUES (1, 0), (2, 0)")
    meeting = asyncio.Barrier(2)

    async def touch(first: int, second: int) -> None:
        async with database.transaction() as tx:
            await tx.execute("UPDATE things SET n = n + 1 WHERE id = $1", first)
            await meeting.wait()
            await tx.execute("UPDATE things SET n = n + 1 WHERE id = $1", second)

    outcomes = await asyncio.gather(touch(1, 2), touch(2, 1), return_exceptions=True)

    failed = [outcome for outcome in outcomes if outcome is not None]
    assert [getattr(error, "reason", error) for error in failed] == ["database_conflict"]


async def test_a_commit_whose_answer_is_lost_is_unknown(real: Any) -> None:
    database = real.database

    async def lose_the_connection() -> None:
        async with database.transaction() as tx:
            mine = (await tx.fetch("SELECT pg_backend_pid() AS pid"))[0]["pid"]
            await database.execute("SELECT pg_terminate_backend($1)", mine)

    with pytest.raises(TransientError, match="commit_unknown"):
        await lose_the_connection()


async def test_a_server_that_is_away_is_transient_from_the_first_connection_on() -> None:
    url = "postgresql://nobody@127.0.0.1:1/nothing"
    async with Database.connect(url, schema="x", application_name="test") as database:
        with pytest.raises(TransientError, match="database_unavailable"):
            await database.fetch("SELECT 1")
        with pytest.raises(TransientError, match="database_unavailable"):
            async with database.transaction():
                pass


async def test_the_pool_survives_a_restart_of_the_server(tmp_path_factory: Any) -> None:
    folder: Path = tmp_path_factory.mktemp("pg")
    with start_postgres(folder) as server:
        async with Database.connect(
            server.url, schema="public", application_name="test"
        ) as database:
            assert [row["one"] for row in await database.fetch("SELECT 1 AS one")] == [1]

            server.kill()
            with pytest.raises(TransientError):
                await database.fetch("SELECT 1")
            server.start()

            async with database.transaction() as tx:
                assert [row["one"] for row in await tx.fetch("SELECT 1 AS one")] == [1]
