"""Publishes what batches committed: journal first, then per target partition in order, until acknowledged."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress

from common.clock import monotonic
from common.errors import TransientError
from common.streaming import metrics
from common.streaming.ports import Ledger, OutboxRow, Outgoing, Place, Publisher

DEEPEST = 20_000
"""Rows in the outbox beyond which nothing more is read: the broker is slower than we are."""

LINGER = 0.25
"""Seconds for which acknowledged rows wait for a transaction that takes them along: one of their own costs as much as a batch."""

FAREWELL = 3.0
"""Seconds a stopping process gives its outbox; what is left, the next owner publishes."""

Statement = tuple[Place, Outgoing]


class Outbox:
    """One loop's way out; keeps at most one unacknowledged batch per target partition.

    Rows are published in (batch, ordinal) order per target and deleted once acknowledged, with the next batch where one
    comes soon. Republishing after an error or a crash is harmless: readers drop what the sequences show as seen.
    """

    def __init__(
        self,
        loop: str,
        journal: str | None,
        ledger: Ledger,
        publisher: Publisher,
        backoff: float = 0.1,
        *,
        monotonic: Callable[[], float] = monotonic,
    ) -> None:
        self._loop = loop
        self._journal = journal
        self._ledger = ledger
        self._publisher = publisher
        self._rows: list[OutboxRow] = []
        self._statements: dict[Place, dict[bytes | None, Outgoing]] = {}
        self._ready = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self._depth = 0
        self._acknowledged: list[OutboxRow] = []
        """Published, and still in the database."""
        self._since = 0.0
        """When the first of these was acknowledged."""
        self._hurried = False
        self._backoff = backoff
        self._monotonic = monotonic
        self._added: float | None = None
        """When the first of the rows that wait was added."""
        self._taken: float | None = None
        """When the first of those under way was."""

    @property
    def depth(self) -> int:
        """Rows in the database, as far as we know."""
        return self._depth

    @property
    def age(self) -> float:
        """Seconds for which the oldest row has waited to be acknowledged; 0 where there is none."""
        since = self._added if self._taken is None else self._taken
        return 0.0 if since is None else self._monotonic() - since

    def add(self, rows: Sequence[OutboxRow]) -> None:
        """Take over rows that are committed; they must come in order."""
        if rows:
            if self._added is None:
                self._added = self._monotonic()
            self._rows.extend(rows)
            self._count(len(rows))
            self._wake()

    @contextmanager
    def clearing(self) -> Iterator[Sequence[OutboxRow]]:
        """Acknowledged rows, for the body's transaction to delete; when it fails they are ours again."""
        rows, self._acknowledged = self._acknowledged, []
        try:
            yield rows
        except BaseException:
            self._acknowledged[:0] = rows
            self._ready.set()
            raise
        self._count(-len(rows))
        self._ready.set()

    def hurry(self) -> None:
        """Wait for no batch any more: whoever calls it wants the outbox empty."""
        self._hurried = True
        self._ready.set()

    def state_after(self, statement: Statement) -> None:
        """Publish this once everything added before it is acknowledged; only the newest per key counts."""
        place, record = statement
        self._statements.setdefault(place, {})[record.key] = record
        self._wake()

    async def drained(self) -> None:
        """Wait until everything added so far is acknowledged and deleted."""
        self.hurry()
        await self._idle.wait()

    async def run(self) -> None:
        """Publish until cancelled; only an error that trying again cannot cure gets out."""
        while True:
            await self._something_to_do()
            self._ready.clear()
            rows, self._rows = self._rows, []
            self._taken, self._added = self._added, None
            statements, self._statements = self._statements, {}
            await self._publish_all(rows)
            await self._publish_places(
                {place: list(by_key.values()) for place, by_key in statements.items()}
            )
            if self._hurried or self._is_late():
                await self._delete()
            if not (self._rows or self._statements or self._depth):
                self._hurried = False
                self._idle.set()

    async def _something_to_do(self) -> None:
        if not self._acknowledged:
            await self._ready.wait()
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(max(0.0, self._since + LINGER - self._monotonic())):
                await self._ready.wait()

    def _is_late(self) -> bool:
        return bool(self._acknowledged) and self._monotonic() - self._since >= LINGER

    async def _delete(self) -> None:
        with self.clearing() as rows:
            if rows:
                await self._until_done(lambda: self._ledger.published(rows))

    def _wake(self) -> None:
        self._idle.clear()
        self._ready.set()

    def _count(self, change: int) -> None:
        self._depth += change
        metrics.child(metrics.OUTBOX, self._loop).set(self._depth)

    async def _publish_all(self, rows: Sequence[OutboxRow]) -> None:
        if not rows:
            return
        for journal in (True, False):
            places: dict[Place, list[Outgoing]] = {}
            for row in rows:
                if (row.target.topic == self._journal) == journal:
                    places.setdefault(row.target, []).append(row.record)
            await self._publish_places(places)
        if not self._acknowledged:
            self._since = self._monotonic()
        self._acknowledged.extend(rows)
        self._taken = None

    async def _publish_places(self, places: dict[Place, list[Outgoing]]) -> None:
        async with asyncio.TaskGroup() as group:
            for place, records in places.items():
                group.create_task(self._publish(place, records))

    async def _publish(self, place: Place, records: Sequence[Outgoing]) -> None:
        await self._until_done(lambda: self._publisher.publish(place, records))

    async def _until_done(self, attempt: Callable[[], Awaitable[None]]) -> None:
        delay = self._backoff
        while True:
            try:
                await attempt()
            except TransientError as error:
                metrics.RETRIES.labels(self._loop, error.reason).inc()
                await asyncio.sleep(delay)
                delay = min(delay * 2, 2.0)
            else:
                return


@asynccontextmanager
async def kept_running(outbox: Outbox) -> AsyncIterator[None]:
    """Publish beside the body; on the way out give what is left a moment."""
    body = asyncio.current_task()
    task = asyncio.create_task(outbox.run())

    def broken(done: asyncio.Task[None]) -> None:
        if not done.cancelled() and done.exception() is not None and body is not None:
            body.cancel()  # an outbox that cannot publish is a bug: nothing may go on without it

    task.add_done_callback(broken)
    try:
        yield
    finally:
        if not task.done():
            with suppress(TimeoutError):
                async with asyncio.timeout(FAREWELL):
                    await outbox.drained()
            task.cancel()
        with suppress(asyncio.CancelledError):
            await task
