"""The runtime's ledger on the database in memory."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import cast

from common.streaming.fencing import refuse_set_back
from common.streaming.model import TimerDue, Transaction
from common.streaming.ports import (
    MOST_COUNTED,
    Advance,
    FencedError,
    Measure,
    OutboxRow,
    Position,
    Standing,
    TimerChange,
)
from common.testing.postgres import FakeDatabase, FakeTransaction

Mark = tuple[int, int]
"""Epoch and batch number of a partition."""


class FakeLedger:
    """One loop's rows in a `FakeDatabase`."""

    def __init__(self, database: FakeDatabase, loop: str, *, patience: float = 2.0) -> None:
        self.database = database
        self.loop = loop
        self._patience = patience

    async def incarnation(self) -> str:
        return self.database.incarnation

    async def live_since(self) -> datetime:
        return self.database.live_since

    async def released(self, partitions: Collection[int]) -> Collection[int]:
        await self.database.passage("released")
        tx = self.database.transaction()
        freed = dict(tx.rows(("released", self.loop)))
        return [p for p in sorted(partitions) if freed.get(p) == self._mark(tx, p)[0]]

    async def measure(self, until: Mapping[int, datetime]) -> Measure:
        tables = self.database.tables
        timers = {
            p: tables[self.table("timers", p)].values() for p in range(1 + max(until, default=0))
        }
        held = {
            p: min(MOST_COUNTED, sum(timer.due_at < end for timer in timers[p]))
            for p, end in until.items()
        }
        return Measure(sum(map(len, timers.values())), held, 0.0)

    async def take_over(self, partitions: Collection[int]) -> Mapping[int, Standing]:
        standings = {}
        for partition in sorted(partitions):
            await self.database.passage("take_over")
            epoch = await self._raise_epoch(partition)
            standings[partition] = epoch
        await self.database.passage("taken_over")
        return {
            partition: await self._load(partition, epoch) for partition, epoch in standings.items()
        }

    async def _raise_epoch(self, partition: int) -> int:
        tx = self.database.transaction()
        try:
            while not await tx.lock_within(self._owners, partition, self._patience):
                holder = self.database.locks.get((self._owners, partition))
                if holder is not None:
                    holder.end()
            epoch, batch = self._mark(tx, partition)
            tx.put(self._owners, partition, (epoch + 1, batch))
            tx.apply()
        finally:
            tx.end()
        return epoch + 1

    async def reload(self, standings: Collection[Standing]) -> Mapping[int, Standing]:
        await self.database.passage("reload")
        tx = self.database.transaction()
        epochs = {s.partition: self._mark(tx, s.partition)[0] for s in standings}
        fresh = {p: await self._load(p, epoch) for p, epoch in epochs.items()}
        refuse_set_back(standings, fresh)
        return fresh

    async def _load(self, partition: int, epoch: int) -> Standing:
        """One statement after another, as the real one: others may commit in between."""
        tx = self.database.transaction()
        standing = Standing(partition, epoch, self._mark(tx, partition)[1])
        standing.positions = dict(tx.rows(self.table("positions", partition)))
        await self.database.passage("load_standing")
        standing.seen = dict(tx.rows(self.table("seen", partition)))
        drawn = tx.rows(self.table("drawn", partition))
        standing.drawn = {topic: list(row) for topic, row in drawn}
        await self.database.passage("load_standing")
        standing.outbox = [row for _, row in sorted(tx.rows(self.table("outbox", partition)))]
        timers = tx.rows(self.table("timers", partition))
        standing.next_due = min((timer.due_at for _, timer in timers), default=None)
        return standing

    def transaction(self) -> FakeTransaction:
        return self.database.transaction()

    async def fence(self, tx: Transaction, standings: Collection[Standing]) -> None:
        transaction = await self._statement(tx, "fence")
        for standing in sorted(standings, key=_partition):
            await transaction.lock(self._owners, standing.partition)
        self._refuse_lost(transaction, standings)
        for standing in standings:
            mark = (standing.epoch, standing.batch + 1)
            transaction.put(self._owners, standing.partition, mark)

    async def check(self, standings: Collection[Standing]) -> None:
        await self.database.passage("check")
        self._refuse_lost(self.database.transaction(), standings)

    def _refuse_lost(self, tx: FakeTransaction, standings: Collection[Standing]) -> None:
        marks = {s.partition: self._mark(tx, s.partition) for s in standings}
        lost = [s for s in standings if marks[s.partition] != (s.epoch, s.batch)]
        if lost:
            refuse_set_back(lost, {p: Standing(p, *mark) for p, mark in marks.items()})
            raise FencedError([s.partition for s in lost])

    async def take_timers(
        self, tx: Transaction, until: Mapping[int, datetime], limit: int
    ) -> Sequence[TimerDue]:
        transaction = await self._statement(tx, "take_timers")
        due = sorted(
            (timer.due_at, *key, partition)
            for partition, end in until.items()
            for key, timer in transaction.rows(self.table("timers", partition))
            if timer.due_at < end
        )
        taken: list[TimerDue] = []
        for due_at, profile_id, name, partition in due[:limit]:
            table, key = self.table("timers", partition), (profile_id, name)
            await transaction.lock(table, key)
            timer = transaction.get(table, key)
            if timer is not None and timer.due_at == due_at:
                transaction.delete(table, key)
                taken.append(timer)
        return taken

    async def change_timers(self, tx: Transaction, changes: Sequence[TimerChange]) -> None:
        transaction = await self._statement(tx, "change_timers")
        for change in changes:
            table = self.table("timers", change.partition)
            key = (change.profile_id, change.name)
            if change.due_at is None:
                transaction.delete(table, key)
                continue
            timer = TimerDue(
                partition=change.partition,
                workspace=change.workspace,
                profile_id=change.profile_id,
                name=change.name,
                due_at=change.due_at,
                correlation=change.correlation,
                traceparent=change.traceparent,
            )
            transaction.put(table, key, timer)

    async def next_due(
        self, tx: Transaction, partitions: Collection[int]
    ) -> Mapping[int, datetime]:
        transaction = await self._statement(tx, "next_due")
        earliest: dict[int, datetime] = {}
        for partition in sorted(partitions):
            timers = transaction.rows(self.table("timers", partition))
            first = min((timer.due_at for _, timer in timers), default=None)
            if first is not None:
                earliest[partition] = first
        return earliest

    async def advance(
        self, tx: Transaction, advances: Sequence[Advance], published: Sequence[OutboxRow] = ()
    ) -> None:
        transaction = await self._statement(tx, "advance")
        lost = set()
        for advance in advances:
            if not await self._move(transaction, advance):
                lost.add(advance.partition)
        if lost:
            raise FencedError(lost)
        for advance in advances:
            self._keep(transaction, advance)
        for row in published:
            transaction.delete(self.table("outbox", row.partition), (row.batch, row.ordinal))

    async def _move(self, tx: FakeTransaction, advance: Advance) -> bool:
        table = self.table("positions", advance.partition)
        for place, (old, new) in advance.positions.items():
            await tx.lock(table, place)
            if not self._stands(tx.get(table, place), old):
                return False
            tx.put(table, place, new)
        return True

    def _stands(self, position: Position | None, old: Position | None) -> bool:
        return (position and position.next_offset) == (old and old.next_offset)

    def _keep(self, tx: FakeTransaction, advance: Advance) -> None:
        """Sequences and the outbox, as they are now: the caller goes on with the same objects."""
        for key, last in advance.seen.items():
            tx.put(self.table("seen", advance.partition), key, last)
        for topic, row in advance.drawn.items():
            tx.put(self.table("drawn", advance.partition), topic, tuple(row))
        for out in advance.outbox:
            tx.put(self.table("outbox", advance.partition), (out.batch, out.ordinal), out)

    async def published(self, rows: Sequence[OutboxRow]) -> None:
        await self.database.passage("published")
        for row in rows:
            table = self.database.tables[self.table("outbox", row.partition)]
            table.pop((row.batch, row.ordinal), None)
        await self.database.passage("deleted")

    async def _statement(self, tx: Transaction, act: str) -> FakeTransaction:
        await self.database.passage(act)
        transaction = cast("FakeTransaction", tx)
        transaction.refuse_ended()
        return transaction

    @property
    def _owners(self) -> tuple[str, str]:
        return ("partitions", self.loop)

    def table(self, name: str, partition: int) -> tuple[str, str, int]:
        """One partition's rows of one of the runtime's tables."""
        return (name, self.loop, partition)

    def _mark(self, tx: FakeTransaction, partition: int) -> Mark:
        mark: Mark = tx.get(self._owners, partition) or (0, 0)
        return mark


def _partition(standing: Standing) -> int:
    return standing.partition
