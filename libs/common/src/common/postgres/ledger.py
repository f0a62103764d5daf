"""The runtime's `Ledger` on PostgreSQL: every method is one round trip, whatever the number of partitions."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol, cast
from uuid import UUID

from common.errors import PermanentError
from common.postgres import statements
from common.postgres.database import Database, PostgresTransaction
from common.postgres.rows import advance_arguments, change_arguments, standings_of
from common.streaming.fencing import refuse_set_back
from common.streaming.model import TimerDue, Transaction
from common.streaming.ports import (
    MOST_COUNTED,
    Advance,
    FencedError,
    Measure,
    OutboxRow,
    Standing,
    TimerChange,
)

TAKE_OVER_PATIENCE_SECONDS = 2.0
_TAKE_OVER_LIMIT_SECONDS = 10.0


class _Fetching(Protocol):
    async def fetch(self, sql: str, *args: object) -> Sequence[Mapping[str, Any]]: ...


class PostgresLedger:
    """One loop's rows in a service's schema."""

    def __init__(
        self, database: Database, loop: str, *, patience: float = TAKE_OVER_PATIENCE_SECONDS
    ) -> None:
        self.database = database
        self.loop = loop
        self._patience = patience

    async def incarnation(self) -> str:
        """The life of this database; new only when an empty one is migrated."""
        return str((await self._life())["id"])

    async def live_since(self) -> datetime:
        """When this life began: what was appended before is history, it shapes state and triggers nothing."""
        since: datetime = (await self._life())["live_since"]
        return since

    async def _life(self) -> Mapping[str, Any]:
        row = await self.database.fetchrow("SELECT id, live_since FROM incarnation")
        if row is None:
            raise PermanentError("not_migrated", "the schema has no incarnation: run migrate first")
        return row

    async def batches(self, partitions: Collection[int]) -> Mapping[int, int]:
        """The number of the last batch of each, 0 where there was none."""
        rows = await self.database.fetch(statements.BATCHES, self.loop, sorted(partitions))
        return {**dict.fromkeys(partitions, 0), **{row["partition"]: row["batch"] for row in rows}}

    async def released(self, partitions: Collection[int]) -> Collection[int]:
        """Which of these an operator took from whoever owned them, see `PostgresOversight`."""
        rows = await self.database.fetch(statements.RELEASED, self.loop, sorted(partitions))
        return [row["partition"] for row in rows]

    async def measure(self, until: Mapping[int, datetime]) -> Measure:
        """Counts and ages that only the database knows."""
        asked = (self.loop, list(until), list(until.values()), MOST_COUNTED)
        held = await self.database.fetch(statements.HELD, *asked)
        [row] = await self.database.fetch(statements.MEASURE)
        counts = {one["partition"]: one["held"] for one in held}
        return Measure(row["timers"], counts, float(row["oldest"]))

    async def take_over(self, partitions: Collection[int]) -> Mapping[int, Standing]:
        """Raise the epoch of each, then load what its last owner committed.

        A transaction of the old owner that still holds a partition after 2 s is ended with its connection.
        """
        epochs = {partition: await self._raise_epoch(partition) for partition in sorted(partitions)}
        standings = await self._load(partitions)
        for partition, standing in standings.items():
            # Not the row's: somebody else may have raised it again since, and theirs is not ours.
            standing.epoch = epochs[partition]
        return standings

    async def reload(self, standings: Collection[Standing]) -> Mapping[int, Standing]:
        """Load anew under the same epochs: after a commit whose outcome nobody knows.

        Raises:
            FencedError: an epoch is no longer mine.
        """
        fresh = await self._load([standing.partition for standing in standings])
        refuse_set_back(standings, fresh)
        return fresh

    async def _load(self, partitions: Collection[int]) -> dict[int, Standing]:
        wanted = sorted(partitions)
        async with self.database.connection() as connection:
            return standings_of(
                await connection.fetch(statements.OWNED, self.loop, wanted),
                positions=await connection.fetch(statements.POSITIONS, self.loop, wanted),
                seen=await connection.fetch(statements.SEEN, self.loop, wanted),
                drawn=await connection.fetch(statements.DRAWN, self.loop, wanted),
                outbox=await connection.fetch(statements.OUTBOX, self.loop, wanted),
                due=await connection.fetch(statements.NEXT_DUE, self.loop, wanted),
            )

    async def _raise_epoch(self, partition: int) -> int:
        async with self.database.connection() as connection:
            pid = connection.get_server_pid()
            raising = asyncio.create_task(
                connection.fetchval(statements.RAISE_EPOCH, self.loop, partition)
            )
            try:
                await asyncio.wait({raising}, timeout=self._patience)
                if not raising.done():
                    await self._end_whoever_blocks(pid)
                async with asyncio.timeout(_TAKE_OVER_LIMIT_SECONDS):
                    epoch: int = await raising
            finally:
                raising.cancel()
                await asyncio.gather(raising, return_exceptions=True)
            return epoch

    async def _end_whoever_blocks(self, pid: int) -> None:
        # Asked of the server, not of the saved backend_pid: the old owner's open transaction may run on another
        # connection than its last committed one.
        await self.database.fetch(statements.END_BLOCKERS, pid)

    def transaction(self) -> PostgresTransaction:
        """Commit on leaving, roll back on an exception."""
        return self.database.transaction()

    async def fence(self, tx: Transaction, standings: Collection[Standing]) -> None:
        """Lock the rows under my epochs and raise their batch numbers in the database.

        The standings stay as they are: raise their `batch` by one when the transaction has committed.

        Raises:
            FencedError: an epoch is no longer mine, or a commit that was believed lost did happen.
        """
        if not standings:
            return
        mine = ",".join(f"({s.partition:d},{s.epoch:d},{s.batch:d})" for s in standings)
        loop = self.loop.replace("'", "''")
        done = await tx.execute(statements.FENCE.format(mine=mine, loop=loop))
        if done != f"UPDATE {len(standings)}":
            # Another connection sees them as they were before, and says which are not mine.
            await self.check(standings)
            raise FencedError({standing.partition for standing in standings})

    async def check(self, standings: Collection[Standing]) -> None:
        """As `fence`, but writes nothing."""
        mine = await self.database.fetch(statements.CHECK, self.loop, *_marks(standings))
        lost = {standing.partition for standing in standings} - {row["partition"] for row in mine}
        if not lost:
            return
        rows = await self.database.fetch(statements.OWNED, self.loop, sorted(lost))
        now = {row["partition"]: Standing(**row) for row in rows}
        refuse_set_back([s for s in standings if s.partition in lost], now)
        raise FencedError(lost)

    async def take_timers(
        self, tx: Transaction, until: Mapping[int, datetime], limit: int
    ) -> Sequence[TimerDue]:
        """Delete and return at most `limit` timers due before `until` of their partition, the earliest first."""
        rows: Sequence[Mapping[str, Any]] = await fetching(tx).fetch(
            statements.TAKE_TIMERS, self.loop, list(until), list(until.values()), limit
        )
        return timers_of(rows)

    async def change_timers(self, tx: Transaction, changes: Sequence[TimerChange]) -> None:
        """Set and cancel; of several changes to one timer the last holds."""
        if changes:
            await tx.execute(statements.CHANGE_TIMERS, self.loop, *change_arguments(changes))

    async def next_due(
        self, tx: Transaction, partitions: Collection[int]
    ) -> Mapping[int, datetime]:
        """The earliest timer of each partition that has one."""
        rows = await fetching(tx).fetch(statements.NEXT_DUE, self.loop, sorted(partitions))
        return {row["partition"]: row["due_at"] for row in rows}

    async def advance(
        self, tx: Transaction, advances: Sequence[Advance], published: Sequence[OutboxRow] = ()
    ) -> None:
        """Move positions by compare-and-set, save sequences, add to the outbox; delete what was published before.

        Raises:
            FencedError: a position is not where it should be.
        """
        rows = await fetching(tx).fetch(
            statements.ADVANCE, self.loop, *advance_arguments(advances), *_row_keys(published)
        )
        moved = {(row["owner"], row["topic"], row["partition"]) for row in rows}
        lost = {
            advance.partition
            for advance in advances
            for place in advance.positions
            if (advance.partition, *place) not in moved
        }
        if lost:
            raise FencedError(lost)

    async def published(self, rows: Sequence[OutboxRow]) -> None:
        """Delete exactly these rows."""
        if rows:
            await self.database.execute(statements.PUBLISHED, self.loop, *_row_keys(rows))


def timers_of(rows: Sequence[Mapping[str, Any]]) -> list[TimerDue]:
    """Rows of the table as due timers, in the order in which they fire."""
    timers = [
        TimerDue(
            partition=row["partition"],
            workspace=row["workspace"],
            profile_id=_uuid(row["profile_id"]),
            name=row["name"],
            due_at=row["due_at"],
            correlation=_uuid(row["correlation"]),
            traceparent=row["traceparent"],
        )
        for row in rows
    ]
    return sorted(timers, key=lambda timer: (timer.due_at, timer.profile_id.int, timer.name))


def _marks(standings: Collection[Standing]) -> tuple[list[int], list[int], list[int]]:
    return (
        [standing.partition for standing in standings],
        [standing.epoch for standing in standings],
        [standing.batch for standing in standings],
    )


def _row_keys(rows: Sequence[OutboxRow]) -> tuple[list[int], list[int], list[int]]:
    return (
        [row.partition for row in rows],
        [row.batch for row in rows],
        [row.ordinal for row in rows],
    )


def fetching(tx: Transaction) -> _Fetching:
    """The transaction as our own statements see it: their columns are known."""
    return cast("_Fetching", tx)


def _uuid(value: UUID) -> UUID:
    """A plain UUID: the driver's own subclass is equal, but msgspec does not encode it."""
    return UUID(int=value.int)
