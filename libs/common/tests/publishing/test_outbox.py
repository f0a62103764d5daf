"""The way out: in order, deleted with the next batch or soon after, and never before the log has it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager, suppress

from common.publishing.outbox import Outbox
from common.streaming.ports import Advance, OutboxRow, Outgoing, Place
from common.testing.postgres import FakeDatabase
from common.testing.postgres_ledger import FakeLedger
from libs.common.tests.consuming.world import until

LOOP, TARGET = "test.loop", Place("decisions", 0)


class Paper:
    """A log that takes everything."""

    def __init__(self) -> None:
        self.taken: list[Outgoing] = []

    async def publish(self, place: Place, records: Sequence[Outgoing]) -> None:
        self.taken.extend(records)


def rows(batch: int, count: int = 2) -> list[OutboxRow]:
    return [
        OutboxRow(0, batch, n, TARGET, Outgoing(b"key", b"%d/%d" % (batch, n)))
        for n in range(count)
    ]


class Desk:
    def __init__(self) -> None:
        self.ledger = FakeLedger(FakeDatabase(incarnation="x"), LOOP)
        self.paper = Paper()
        self.outbox = Outbox(LOOP, None, self.ledger, self.paper)

    async def commits(self, made: Sequence[OutboxRow], published: Sequence[OutboxRow] = ()) -> None:
        async with self.ledger.transaction() as tx:
            await self.ledger.advance(tx, [Advance(0, {}, {}, {}, list(made))], published)

    async def left(self) -> Collection[OutboxRow]:
        return (await self.ledger.take_over([0]))[0].outbox

    @asynccontextmanager
    async def publishing(self) -> AsyncIterator[None]:
        task = asyncio.create_task(self.outbox.run())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


async def test_what_the_log_has_is_deleted_though_no_batch_comes() -> None:
    desk = Desk()
    await desk.commits(rows(1))
    async with desk.publishing():
        desk.outbox.add(rows(1))
        await until("the outbox is empty", lambda: _is_empty(desk.outbox))

    assert await desk.left() == []
    assert [record.value for record in desk.paper.taken] == [b"1/0", b"1/1"]


async def test_the_next_batch_takes_along_what_the_log_has() -> None:
    desk = Desk()
    await desk.commits(rows(1))
    async with desk.publishing():
        desk.outbox.add(rows(1))
        await until("both are acknowledged", lambda: _is_acknowledged(desk.outbox))
        with desk.outbox.clearing() as published:
            await desk.commits(rows(2), published)
        desk.outbox.add(rows(2))

        assert await desk.left() == rows(2)
        await desk.outbox.drained()
    assert await desk.left() == []


async def test_what_a_batch_that_failed_did_not_delete_is_deleted_later() -> None:
    desk = Desk()
    await desk.commits(rows(1))
    async with desk.publishing():
        desk.outbox.add(rows(1))
        await until("both are acknowledged", lambda: _is_acknowledged(desk.outbox))
        taken: list[OutboxRow] = []
        with suppress(ZeroDivisionError), desk.outbox.clearing() as published:
            taken.extend(published)
            raise ZeroDivisionError

        assert taken == rows(1)
        assert await desk.left() == rows(1)
        await desk.outbox.drained()
    assert await desk.left() == []


async def test_what_the_log_does_not_have_yet_is_nobody_s_to_delete() -> None:
    desk = Desk()
    await desk.commits(rows(1))
    desk.outbox.add(rows(1))

    with desk.outbox.clearing() as published:
        assert list(published) == []
    assert desk.outbox.depth == 2


async def _is_empty(outbox: Outbox) -> bool:
    return outbox.depth == 0


async def _is_acknowledged(outbox: Outbox) -> bool:
    return outbox.age == 0.0
