"""A database in memory: transactions one after another, with rollback, and failures on demand."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from types import TracebackType
from typing import Any, NoReturn, TypeVar, cast

from typing_extensions import override

from common.clock import EPOCH
from common.consuming.model import Transaction
from common.errors import TransientError
from common.postgres.book import ProfileBook, ProfileKey

S = TypeVar("S")
Tables = defaultdict[str, dict[Any, Any]]


class FakeDatabase:
    """What was committed; `fail_next_commits` makes commits fail in the two ways in which they can."""

    def __init__(self, *, incarnation: str = "fake", live_since: datetime = EPOCH) -> None:
        self.incarnation = incarnation
        self.live_since = live_since
        self.tables: Tables = defaultdict(dict)
        self.commits = 0
        self._failures: list[str] = []
        self._turn = asyncio.Lock()
        self._open: FakeTransaction | None = None

    def fail_next_commits(self, *reasons: str) -> None:
        """`commit_unknown` commits and then says so; any other reason rolls back."""
        self._failures.extend(reasons)

    def transaction(self) -> FakeTransaction:
        """Waits until the one before is over."""
        return FakeTransaction(self)

    async def begin(self, transaction: FakeTransaction) -> Tables:
        """A private copy of everything, as of the last commit."""
        await self._turn.acquire()
        self._open = transaction
        return defaultdict(dict, {name: dict(rows) for name, rows in self.tables.items()})

    async def end_whoever_blocks(self, patience: float) -> None:
        """Wait so long for the open transaction to end by itself, then end it."""
        try:
            async with asyncio.timeout(patience), self._turn:
                return
        except TimeoutError:
            if self._open is not None:
                self._open.broken = True
                self.over()

    def commit(self, tables: Tables) -> None:
        """Make a transaction's copy the truth, unless a failure is due."""
        reason = self._failures.pop(0) if self._failures else None
        if reason in (None, "commit_unknown"):
            self.tables = tables
            self.commits += 1
        if reason is not None:
            raise TransientError(reason)

    def over(self) -> None:
        """Let the next transaction begin."""
        self._open = None
        self._turn.release()


class FakeTransaction:
    """A copy of the tables that replaces them on commit; `tables` is what fakes read and write."""

    def __init__(self, database: FakeDatabase) -> None:
        self._database = database
        self._tables: Tables | None = None
        self.broken = False

    @property
    def tables(self) -> Tables:
        if self.broken:
            raise TransientError("database_unavailable", "the transaction was ended by a takeover")
        if self._tables is None:
            raise RuntimeError("the transaction was not entered")
        return self._tables

    async def fetch(self, sql: str, *args: object) -> NoReturn:
        """The fake understands no SQL: use it with fakes only."""
        raise NotImplementedError(sql)

    async def execute(self, sql: str, *args: object) -> NoReturn:
        """The fake understands no SQL: use it with fakes only."""
        raise NotImplementedError(sql)

    async def __aenter__(self) -> FakeTransaction:
        self._tables = await self._database.begin(self)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self.broken:
            if error is None:
                raise TransientError("database_unavailable", "ended by a takeover")
            return
        try:
            if error is None:
                self._database.commit(self.tables)
        finally:
            self._database.over()


class FakeBook(ProfileBook[S]):
    """A `ProfileBook` on a `FakeDatabase`."""

    @override
    async def rows(
        self, tx: Transaction, keys: Sequence[ProfileKey]
    ) -> Sequence[Mapping[str, Any]]:
        table = cast("FakeTransaction", tx).tables["profiles"]
        return [
            {**key._asdict(), "now": now, "schema": schema, "state": state}
            for key in keys
            if key in table
            for now, schema, state in [table[key]]
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
        table = cast("FakeTransaction", tx).tables["profiles"]
        for key, now, state in zip(keys, nows, states, strict=True):
            table[key] = (now, schema, state)

    @override
    async def delete(self, tx: Transaction, keys: Sequence[ProfileKey]) -> None:
        table = cast("FakeTransaction", tx).tables["profiles"]
        for key in keys:
            table.pop(key, None)
