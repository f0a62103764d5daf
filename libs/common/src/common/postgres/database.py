"""A pool of connections that speaks our two words for failure and survives a restart of the server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from types import TracebackType
from typing import Any

import asyncpg

from common.errors import TransientError
from common.postgres.failures import DRIVER_ERRORS, translate, translated

Row = Mapping[str, Any]

_ACQUIRE_SECONDS = 10.0
_COMMAND_SECONDS = 30.0
_CLOSE_SECONDS = 5.0
_SESSION = {
    "idle_in_transaction_session_timeout": "5s",  # a stopped process holds no locks for longer
    "lock_timeout": "10s",
    "timezone": "UTC",
    "jit": "off",  # compiling our short statements costs more than running them
    "enable_seqscan": "off",  # a plan made while a table was small must not outlive that: all we ask for has an index
}


class Database:
    """One service's schema in one database."""

    def __init__(self, pool: Any) -> None:
        self._pool = pool

    @classmethod
    @asynccontextmanager
    async def connect(
        cls, url: str, *, schema: str, application_name: str, connections: int = 8
    ) -> AsyncIterator[Database]:
        """Open the pool; connections are made when they are first needed, so a server that is away is no error here."""
        session = _SESSION | {"search_path": schema, "application_name": application_name}
        pool = await asyncpg.create_pool(
            url,
            min_size=0,
            max_size=connections,
            command_timeout=_COMMAND_SECONDS,
            timeout=_ACQUIRE_SECONDS,
            reset=_keep_session,
            server_settings=session,
        )
        try:
            yield cls(pool)
        finally:
            await _close(pool)

    def transaction(self) -> PostgresTransaction:
        """Commit on leaving, roll back on an exception.

        Raises:
            TransientError: `database_unavailable`, `database_conflict` (nothing happened), or `commit_unknown`
                (the connection broke in the commit: read again what stands there).
            PermanentError: `rejected_by_database`, the values will never be taken.
        """
        return PostgresTransaction(self._pool)

    async def fetch(self, sql: str, *args: object) -> Sequence[Row]:
        """Run one statement in a transaction of its own."""
        async with self.connection() as connection:
            rows: Sequence[Row] = await connection.fetch(sql, *args)
            return rows

    async def fetchrow(self, sql: str, *args: object) -> Row | None:
        """The first row, or None."""
        async with self.connection() as connection:
            row: Row | None = await connection.fetchrow(sql, *args)
            return row

    async def execute(self, sql: str, *args: object) -> str:
        """Run one statement in a transaction of its own; returns the command tag, such as `DELETE 3`."""
        async with self.connection() as connection:
            return str(await connection.execute(sql, *args))

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Any]:
        """A connection of the driver, for the library's own statements; nothing may outlast it in the session.

        Driver errors that leave the block are translated.
        """
        try:
            async with self._pool.acquire(timeout=_ACQUIRE_SECONDS) as connection:
                yield connection
        except DRIVER_ERRORS as error:
            translate(error)

    @asynccontextmanager
    async def turn(self, lock: int) -> AsyncIterator[bool]:
        """Whether it is ours while the body runs: of those who ask for the same lock one at a time is given it.

        It goes with the connection of whoever dies; where the server restarts, another one may be given it beside us.
        """
        async with self.connection() as connection:
            ours: bool = await connection.fetchval("SELECT pg_try_advisory_lock($1)", lock)
            try:
                yield ours
            finally:
                if ours:
                    await _let_go(connection, lock)


class PostgresTransaction:
    """A transaction on a connection of the pool; enter it once.

    It begins with its first statement, and one without arguments goes on the same way as BEGIN: on a busy machine each way
    to the server and back waits for a core twice.
    """

    __slots__ = ("_begun", "_connection", "_pool")

    def __init__(self, pool: Any) -> None:
        self._pool = pool
        self._begun = False

    async def fetch(self, sql: str, *args: object) -> Sequence[Row]:
        """Run a statement and return its rows."""
        try:
            await self._begin()
            rows: Sequence[Row] = await self._connection.fetch(sql, *args)
        except DRIVER_ERRORS as error:
            translate(error)
        return rows

    async def fetchrow(self, sql: str, *args: object) -> Row | None:
        """The first row, or None."""
        rows = await self.fetch(sql, *args)
        return rows[0] if rows else None

    async def execute(self, sql: str, *args: object) -> str:
        """Run a statement and return its command tag, such as `UPDATE 3`."""
        try:
            if not args and not self._begun:
                self._begun, sql = True, "BEGIN;" + sql
            await self._begin()
            return str(await self._connection.execute(sql, *args))
        except DRIVER_ERRORS as error:
            translate(error)

    @asynccontextmanager
    async def savepoint(self) -> AsyncIterator[None]:
        """Undo what the body wrote when it raises; the transaction goes on."""
        await self.execute("SAVEPOINT tried")
        try:
            yield
        except BaseException:
            await self.execute("ROLLBACK TO tried")
            raise
        await self.execute("RELEASE tried")

    async def __aenter__(self) -> PostgresTransaction:
        try:
            self._connection = await self._pool.acquire(timeout=_ACQUIRE_SECONDS)
        except DRIVER_ERRORS as error:
            translate(error)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        try:
            if not self._begun:
                return
            if error is None:
                await self._commit()
            else:
                await self._roll_back()
        finally:
            await self._release()

    async def _begin(self) -> None:
        if not self._begun:
            self._begun = True  # already when it may have: an interrupted one is rolled back
            await self._connection.execute("BEGIN")

    async def _commit(self) -> None:
        try:
            await self._connection.execute("COMMIT")
        except DRIVER_ERRORS as error:
            known = translated(error)
            if isinstance(known, TransientError) and known.reason == "database_unavailable":
                raise TransientError("commit_unknown", known.detail) from error
            translate(error)

    async def _roll_back(self) -> None:
        try:
            await self._connection.execute("ROLLBACK")
        except DRIVER_ERRORS:
            # A connection in doubt is not given back: ending it rolls back on the server's side.
            with suppress(asyncpg.InterfaceError):  # the pool has let go of it already
                self._connection.terminate()

    async def _release(self) -> None:
        try:
            await self._pool.release(self._connection, timeout=_CLOSE_SECONDS)
        except DRIVER_ERRORS:
            # The pool has thrown the connection away; what the transaction came to is already known.
            return


async def _let_go(connection: Any, lock: int) -> None:
    try:
        await connection.execute("SELECT pg_advisory_unlock($1)", lock)
    except DRIVER_ERRORS:
        # Raised, it would take the place of what ended the body, and who was cancelled would go on.
        with suppress(asyncpg.InterfaceError):  # it is closed already
            connection.terminate()


async def _keep_session(connection: object) -> None:
    """Spare a round trip per transaction: nothing here ever changes the session, only `SET LOCAL`."""


async def _close(pool: Any) -> None:
    try:
        async with asyncio.timeout(_CLOSE_SECONDS):
            await pool.close()
    except DRIVER_ERRORS:
        pool.terminate()
