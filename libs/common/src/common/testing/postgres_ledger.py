"""The runtime's ledger on the database in memory."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import cast

from common.consuming.model import TimerDue, Transaction
from common.consuming.ports import (
    Advance,
    FencedError,
    OutboxRow,
    Place,
    Position,
    Standing,
    TimerChange,
)
from common.testing.postgres import FakeDatabase, FakeTransaction, Tables


class FakeLedger:
    """One loop's rows in a `FakeDatabase`."""

    def __init__(self, database: FakeDatabase, loop: str, *, patience: float = 2.0) -> None:
        self._database = database
        self._loop = loop
        self._patience = patience

    async def incarnation(self) -> str:
        return self._database.incarnation

    async def live_since(self) -> datetime:
        return self._database.live_since

    async def take_over(self, partitions: Collection[int]) -> Mapping[int, Standing]:
        await self._database.end_whoever_blocks(self._patience)
        standings = {}
        async with self._database.transaction() as tx:
            for partition in sorted(partitions):
                epoch, batch = tx.tables["partitions"].get((self._loop, partition), (0, 0))
                tx.tables["partitions"][self._loop, partition] = (epoch + 1, batch)
                standings[partition] = self._standing(tx.tables, partition, epoch + 1, batch)
        return standings

    async def reload(self, standings: Collection[Standing]) -> Mapping[int, Standing]:
        tables = self._database.tables
        fresh = {}
        for old in standings:
            epoch, batch = tables["partitions"][self._loop, old.partition]
            fresh[old.partition] = self._standing(tables, old.partition, epoch, batch)
        lost = [old.partition for old in standings if fresh[old.partition].epoch != old.epoch]
        if lost:
            raise FencedError(lost)
        return fresh

    def _standing(self, tables: Tables, partition: int, epoch: int, batch: int) -> Standing:
        mine = (self._loop, partition)
        due = [timer.due_at for key, timer in tables["timers"].items() if key[:2] == mine]
        return Standing(
            partition,
            epoch,
            batch,
            positions={k[2]: v for k, v in tables["positions"].items() if k[:2] == mine},
            seen={k[2]: v for k, v in tables["seen"].items() if k[:2] == mine},
            drawn={k[2]: list(v) for k, v in tables["drawn"].items() if k[:2] == mine},
            outbox=[row for key, row in sorted(tables["outbox"].items()) if key[:2] == mine],
            next_due=min(due, default=None),
        )

    def transaction(self) -> FakeTransaction:
        return self._database.transaction()

    async def fence(self, tx: Transaction, standings: Collection[Standing]) -> None:
        tables = cast("FakeTransaction", tx).tables
        self._refuse_lost(tables, standings)
        for standing in standings:
            mark = (standing.epoch, standing.batch + 1)
            tables["partitions"][self._loop, standing.partition] = mark

    async def check(self, standings: Collection[Standing]) -> None:
        self._refuse_lost(self._database.tables, standings)

    def _refuse_lost(self, tables: Tables, standings: Collection[Standing]) -> None:
        lost = [
            standing.partition
            for standing in standings
            if tables["partitions"].get((self._loop, standing.partition))
            != (standing.epoch, standing.batch)
        ]
        if lost:
            raise FencedError(lost)

    async def take_timers(
        self, tx: Transaction, until: Mapping[int, datetime], limit: int
    ) -> Sequence[TimerDue]:
        timers = cast("FakeTransaction", tx).tables["timers"]
        due = sorted(
            (timer.due_at, timer.profile_id, timer.name, key)
            for key, timer in timers.items()
            if key[0] == self._loop
            and timer.partition in until
            and timer.due_at < until[timer.partition]
        )
        return [timers.pop(key) for *_, key in due[:limit]]

    async def change_timers(self, tx: Transaction, changes: Sequence[TimerChange]) -> None:
        timers = cast("FakeTransaction", tx).tables["timers"]
        for change in changes:
            key = (self._loop, change.partition, change.profile_id, change.name)
            if change.due_at is None:
                timers.pop(key, None)
            else:
                timers[key] = TimerDue(
                    partition=change.partition,
                    workspace=change.workspace,
                    profile_id=change.profile_id,
                    name=change.name,
                    due_at=change.due_at,
                    correlation=change.correlation,
                    traceparent=change.traceparent,
                )

    async def next_due(
        self, tx: Transaction, partitions: Collection[int]
    ) -> Mapping[int, datetime]:
        timers = cast("FakeTransaction", tx).tables["timers"]
        earliest: dict[int, datetime] = {}
        for key, timer in timers.items():
            if key[0] == self._loop and timer.partition in partitions:
                known = earliest.get(timer.partition, timer.due_at)
                earliest[timer.partition] = min(known, timer.due_at)
        return earliest

    async def advance(self, tx: Transaction, advances: Sequence[Advance]) -> None:
        tables = cast("FakeTransaction", tx).tables
        lost = {
            advance.partition
            for advance in advances
            if not self._move(tables["positions"], advance)
        }
        if lost:
            raise FencedError(lost)
        for advance in advances:
            mine = (self._loop, advance.partition)
            tables["seen"].update({(*mine, key): last for key, last in advance.seen.items()})
            tables["drawn"].update({(*mine, topic): row for topic, row in advance.drawn.items()})
            for row in advance.outbox:
                tables["outbox"][*mine, row.batch, row.ordinal] = replace(row)

    def _move(self, positions: dict[tuple[str, int, Place], Position], advance: Advance) -> bool:
        for place, (old, new) in advance.positions.items():
            key = (self._loop, advance.partition, place)
            stands = positions.get(key)
            if (stands and stands.next_offset) != (old and old.next_offset):
                return False
            positions[key] = new
        return True

    async def published(self, rows: Sequence[OutboxRow]) -> None:
        async with self._database.transaction() as tx:
            for row in rows:
                key = (self._loop, row.partition, row.batch, row.ordinal)
                tx.tables["outbox"].pop(key, None)
