"""A database in memory: rows are locked, commits are whole, and it fails on demand."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Hashable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from types import TracebackType
from typing import Any, NoReturn, TypeVar, cast

from typing_extensions import override

from common.clock import EPOCH
from common.errors import TransientError
from common.postgres.book import ProfileBook, ProfileKey
from common.streaming.model import Transaction

S = TypeVar("S")
Table = Hashable
Tables = defaultdict[Table, dict[Any, Any]]

PROFILES = "profiles"
"""The table of `FakeBook`."""

LOCK_TIMEOUT = 10.0
"""Seconds that a statement waits for a row, as our sessions set it."""
_GONE = object()
"""What a transaction writes over a row that it deletes."""


class FakeDatabase:
    """What was committed; `fail_next_commits` makes commits fail in the two ways in which they can.

    As under READ COMMITTED: a transaction sees its own writes over what is committed by now, and waits for a row that
    another one has locked. Between two statements others may run: `passage` is where.
    """

    def __init__(self, *, incarnation: str = "fake", live_since: datetime = EPOCH) -> None:
        self.incarnation = incarnation
        self.live_since = live_since
        self.tables: Tables = defaultdict(dict)
        self.commits = 0
        self.locks: dict[Hashable, FakeTransaction] = {}
        self._waiting: defaultdict[Hashable, list[asyncio.Future[None]]] = defaultdict(list)
        self._failures: list[str] = []

    async def passage(self, act: str) -> None:
        """Called on the way of every statement to the server, and of every answer back; a test may override it."""

    def fail_next_commits(self, *reasons: str) -> None:
        """`commit_unknown` commits and then says so; any other reason rolls back."""
        self._failures.extend(reasons)

    def transaction(self) -> FakeTransaction:
        """Sees what is committed, and its own writes."""
        return FakeTransaction(self)

    async def commit(self, transaction: FakeTransaction) -> None:
        """Make a transaction's writes the truth, unless a failure is due."""
        await self.passage("commit")
        reason = self._failures.pop(0) if self._failures else None
        if reason in (None, "commit_unknown"):
            transaction.apply()
        if reason is not None:
            raise TransientError(reason)
        await self.passage("committed")

    async def lock(self, row: Hashable, transaction: FakeTransaction, patience: float) -> bool:
        """Wait for a row; False when its holder did not let go in time."""
        holder = self.locks.get(row)
        if holder is None or holder is transaction:
            self.locks[row] = transaction
            return True
        loop = asyncio.get_running_loop()
        end = loop.time() + patience
        while self.locks.get(row) is not None:
            freed: asyncio.Future[None] = loop.create_future()
            self._waiting[row].append(freed)
            timer = loop.call_at(end, _settle, freed)
            try:
                await freed
            finally:
                timer.cancel()
            if transaction.ended:
                return True  # its next statement says so
            if loop.time() >= end:
                return False
        self.locks[row] = transaction
        return True

    def release(self, rows: Sequence[Hashable]) -> None:
        """Let go of rows; whoever waits for one tries again."""
        for row in rows:
            self.locks.pop(row, None)
            for freed in self._waiting.pop(row, ()):
                _settle(freed)


class FakeTransaction:
    """Writes that become the truth on commit."""

    def __init__(self, database: FakeDatabase) -> None:
        self.database = database
        self.ended = False
        """Its connection is gone."""
        self._writes: dict[Table, dict[Any, Any]] = {}
        self._locked: list[Hashable] = []

    async def lock(self, table: Table, key: Hashable) -> None:
        """As an UPDATE or SELECT FOR UPDATE does.

        Raises:
            TransientError: `database_conflict`, somebody held the row for too long.
        """
        if not await self.lock_within(table, key, LOCK_TIMEOUT):
            raise TransientError("database_conflict", "lock_timeout")

    async def lock_within(self, table: Table, key: Hashable, patience: float) -> bool:
        """Lock a row unless somebody holds it for longer than that."""
        self.refuse_ended()
        row = (table, key)
        if not await self.database.lock(row, self, patience):
            return False
        self.refuse_ended()
        self._locked.append(row)
        return True

    def refuse_ended(self) -> None:
        if self.ended:
            raise TransientError("database_unavailable", "the connection was ended")

    def get(self, table: Table, key: Hashable) -> Any:
        """The row as this transaction sees it; None where there is none."""
        written = self._writes.get(table)
        if written is not None and key in written:
            value = written[key]
            return None if value is _GONE else value
        return self.database.tables[table].get(key)

    def rows(self, table: Table) -> Iterator[tuple[Any, Any]]:
        """All rows as this transaction sees them."""
        written = self._writes.get(table, {})
        for key, value in self.database.tables[table].items():
            if key not in written:
                yield key, value
        for key, value in written.items():
            if value is not _GONE:
                yield key, value

    def put(self, table: Table, key: Hashable, value: object) -> None:
        self._writes.setdefault(table, {})[key] = value

    def delete(self, table: Table, key: Hashable) -> None:
        self._writes.setdefault(table, {})[key] = _GONE

    def apply(self) -> None:
        """Commit here and now."""
        self.refuse_ended()
        for table, written in self._writes.items():
            truth = self.database.tables[table]
            for key, value in written.items():
                if value is _GONE:
                    truth.pop(key, None)
                else:
                    truth[key] = value
        self.database.commits += 1
        self.end()

    def end(self) -> None:
        """End the connection: what was not committed never happened, its rows are free."""
        self.ended = True
        locked, self._locked = self._locked, []
        self.database.release(locked)

    @asynccontextmanager
    async def savepoint(self) -> AsyncIterator[None]:
        """Undo what the body wrote when it raises; the transaction goes on."""
        before = {table: dict(written) for table, written in self._writes.items()}
        try:
            yield
        except BaseException:
            self._writes = before
            raise

    async def fetch(self, sql: str, *args: object) -> NoReturn:
        """The fake understands no SQL: use it with fakes only."""
        raise NotImplementedError(sql)

    async def execute(self, sql: str, *args: object) -> NoReturn:
        """The fake understands no SQL: use it with fakes only."""
        raise NotImplementedError(sql)

    async def __aenter__(self) -> FakeTransaction:
        await self.database.passage("begin")
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        try:
            if error is None:
                self.refuse_ended()
                await self.database.commit(self)
        finally:
            self.end()


class FakeBook(ProfileBook[S]):
    """A `ProfileBook` on a `FakeDatabase`."""

    @override
    async def rows(
        self, tx: Transaction, keys: Sequence[ProfileKey]
    ) -> Sequence[Mapping[str, Any]]:
        transaction = await _statement(tx, "load")
        found = [transaction.get(PROFILES, key) for key in keys]
        return [
            {"number": number, "now": row[0], "schema": row[1], "state": row[2]}
            for number, row in enumerate(found, 1)
            if row is not None
        ]

    @override
    async def write(
        self,
        tx: Transaction,
        keys: Sequence[ProfileKey],
        nows: Sequence[datetime],
        schema: int,
        states: Sequence[bytes],
    ) -> None:
        transaction = await _statement(tx, "save")
        for key, now, state in zip(keys, nows, states, strict=True):
            transaction.put(PROFILES, key, (now, schema, state))

    @override
    async def delete(self, tx: Transaction, keys: Sequence[ProfileKey]) -> None:
        transaction = await _statement(tx, "save")
        for key in keys:
            transaction.delete(PROFILES, key)


async def _statement(tx: Transaction, act: str) -> FakeTransaction:
    transaction = cast("FakeTransaction", tx)
    await transaction.database.passage(act)
    transaction.refuse_ended()
    return transaction


def _settle(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)
