"""A ledger for folding again: its timers are taken by name, and what is on the log already stays out of the outbox."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, cast

from typing_extensions import override

from common.contracts.runtime import FiredTimer
from common.errors import PermanentError
from common.postgres import statements
from common.postgres.database import Database
from common.postgres.ledger import PostgresLedger, fetching, timers_of
from common.streaming.model import TimerDue, Transaction
from common.streaming.ports import Advance, OutboxRow

Row = Mapping[str, Any]


class ScriptedPostgresLedger(PostgresLedger):
    """`PostgresLedger`, but that somebody else says what a batch takes and what it leaves to be published."""

    def __init__(
        self, database: Database, loop: str, *, to_publish: Callable[[OutboxRow], bool]
    ) -> None:
        super().__init__(database, loop)
        self._to_publish = to_publish
        self._script: Mapping[int, Sequence[FiredTimer]] = {}

    def script(self, timers: Mapping[int, Sequence[FiredTimer]]) -> None:
        """The next `take_timers` takes exactly these, by partition."""
        self._script = timers

    @override
    async def take_timers(
        self, tx: Transaction, until: Mapping[int, datetime], limit: int
    ) -> Sequence[TimerDue]:
        wanted = [(p, t.profile_id, t.name, t.due_at) for p in until for t in self._script[p]]
        if not wanted:
            return ()
        columns = [list(column) for column in zip(*wanted, strict=True)]
        rows = await fetching(tx).fetch(statements.TAKE_THESE, self.loop, *columns)
        if len(rows) < len(wanted):
            missing = f"{len(wanted) - len(rows)} of {len(wanted)} timers of a batch are not set"
            raise PermanentError("timer_missing", missing)
        return timers_of(rows)

    @override
    async def advance(
        self, tx: Transaction, advances: Sequence[Advance], published: Sequence[OutboxRow] = ()
    ) -> None:
        left = [
            replace(a, outbox=[row for row in a.outbox if self._to_publish(row)]) for a in advances
        ]
        await super().advance(tx, left, published)

    async def be_empty(self) -> None:
        """Refuse a database that holds anything of this loop.

        Raises:
            PermanentError: `not_empty`.
        """
        row = await self.database.fetchrow(statements.ANY_PARTITION, self.loop)
        if row is not None:
            raise PermanentError("not_empty", f"the database knows {self.loop} already")

    async def live(self, incarnation: str, since: datetime | None) -> None:
        """Take over the life of another database, so that what is folded gets the same origins."""
        await self.database.execute(statements.LIVE, incarnation, since)

    async def known(self) -> Collection[int]:
        """The partitions that this database has ever owned."""
        rows = await self.database.fetch(statements.KNOWN, self.loop)
        return [cast("int", row["partition"]) for row in rows]

    async def draw_from(self, drawn: Mapping[int, Mapping[str, Sequence[int]]]) -> None:
        """Go on numbering after these, by partition and topic, where the database is behind."""
        rows = [
            (partition, topic, "{" + ",".join(map(str, counters)) + "}")
            for partition, topics in drawn.items()
            for topic, counters in topics.items()
        ]
        if rows:
            columns = [list(column) for column in zip(*rows, strict=True)]
            await self.database.execute(statements.DRAW_FROM, self.loop, *columns)

    async def drop_published(self, published: Callable[[OutboxRow], bool]) -> int:
        """Delete the restored rows of the outbox that the log has; returns how many."""
        partitions = await self.known()
        standings = await self._load(partitions)
        gone = [row for s in standings.values() for row in s.outbox if published(row)]
        await self.published(gone)
        return len(gone)
