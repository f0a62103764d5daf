"""One batch: fence, timers, load, fold, save, positions, outbox, in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Generic, TypeVar

from common.configuration import Configuration
from common.consuming.folding import Folder, Outcome
from common.consuming.loop import Life, Loop, Surroundings
from common.consuming.rejection import rejected
from common.contracts import Topics
from common.contracts.runtime import BatchJournaled, FiredTimer
from common.errors import PermanentError
from common.intake.ahead import beside
from common.intake.decoding import Intake
from common.publishing.rows import RowMaker
from common.streaming import metrics
from common.streaming.model import Handlers, Record, Sheet, Signal, TimerDue, Transaction
from common.streaming.ports import Advance, Fetched, OutboxRow, Place, Standing

S = TypeVar("S")


class StateRejectedError(Exception):
    """The database will never take a state of this batch."""


class _LookedUpError(Exception):
    """Ends a transaction that was only to find something out."""


@dataclass(slots=True)
class Batch(Generic[S]):
    """What goes into one transaction; memory changes only in `committed`, so a rollback needs no repair."""

    loop: Loop[S]
    around: Surroundings
    topics: Topics
    life: Life
    handlers: Handlers[S]
    configuration: Configuration
    intakes: Mapping[int, Intake]
    standings: Mapping[int, Standing]
    """Of all partitions that have records or due timers."""
    until: Mapping[int, datetime]
    """Virtual time of the partitions that have due timers."""
    originals: Sequence[Fetched]
    """What was read, for what must be set aside as it came."""
    published: Sequence[OutboxRow] = ()
    """What batches before left in the outbox and the log has acknowledged; deleted with this one."""
    meanwhile: Callable[[], None] = lambda: None
    """Called once the last statement is on its way: what can be done while the database works."""
    refused: dict[Hashable, str] = field(default_factory=dict)
    """Keys of states that the database would not take, and why."""
    size: int = 0
    """Records and timers that were folded, once it ran."""

    async def run(self) -> Sequence[OutboxRow]:
        """Commit the batch and return what is to be published.

        Raises:
            FencedError: nothing happened, some partitions have a new owner.
            TransientError: nothing happened, try again from the saved positions.
        """
        with metrics.child(metrics.BATCH_SECONDS, self.loop.name).time():
            while True:
                try:
                    return await self._attempt()
                except StateRejectedError as error:
                    await self._refuse(error)

    async def _attempt(self) -> Sequence[OutboxRow]:
        signals = self._signals()
        async with self.around.ledger.transaction() as tx:
            await self.around.ledger.fence(tx, list(self.standings.values()))
            timers = await self._timers(tx)
            sheet, outcome = await self._fold(tx, signals, timers)
            draw = sheet.draw if sheet is not None else None
            makers = await beside(self._save(tx, sheet), lambda: self._rows(outcome, draw))
            await self.around.ledger.change_timers(tx, list(outcome.timers.values()))
            due = await self._next_due(tx)
            advances = [self._advance(maker) for maker in makers.values()]
            await beside(self.around.ledger.advance(tx, advances, self.published), self.meanwhile)
        self._committed(makers, outcome, due)
        self.size = len(signals) + len(outcome.fired)
        metrics.child(metrics.BATCH_SIGNALS, self.loop.name).observe(self.size)
        return [row for maker in makers.values() for row in maker.rows]

    def _signals(self) -> list[Signal]:
        return [signal for intake in self.intakes.values() for signal in intake.signals]

    async def _timers(self, tx: Transaction) -> Sequence[TimerDue]:
        if not self.until:
            return ()
        return await self.around.ledger.take_timers(tx, self.until, self.around.pace.batch)

    async def _fold(
        self, tx: Transaction, signals: Sequence[Signal], timers: Sequence[TimerDue]
    ) -> tuple[Sheet[S] | None, Outcome[S]]:
        folder = Folder(self.loop.name, self.handlers, self.around.fuse)
        wanted = [signal for signal in signals if folder.touches(signal)]
        if not wanted and not timers:
            return None, Outcome()
        sheet: Sheet[S] = await self.loop.book.load(tx, [*wanted, *timers])
        outcome = folder.fold(
            sheet, wanted, timers, lambda timer: self.until[timer.partition], self.refused
        )
        return sheet, outcome

    async def _save(self, tx: Transaction, sheet: Sheet[S] | None) -> None:
        if sheet is None:
            return
        try:
            await self.loop.book.save(tx, sheet)
        except PermanentError as error:
            raise StateRejectedError(error.reason) from error

    async def _refuse(self, error: StateRejectedError) -> None:
        """Find out, in a transaction that is rolled back, whose states the database does not take."""
        found: dict[Hashable, str] = {}
        with suppress(_LookedUpError):
            async with self.around.ledger.transaction() as tx:
                await self.around.ledger.fence(tx, list(self.standings.values()))
                sheet, _ = await self._fold(tx, self._signals(), await self._timers(tx))
                if sheet is not None:
                    found = await rejected(tx, self.loop.book, sheet)
                raise _LookedUpError
        if not found:
            raise RuntimeError("the book refuses a batch, but no state in it") from error
        for _ in found:
            self.around.fuse.bad(error)
        self.refused.update(found)

    async def _next_due(self, tx: Transaction) -> Mapping[int, datetime] | None:
        """The next due times where timers were taken; elsewhere the memory knows them."""
        if not self.until:
            return None
        return await self.around.ledger.next_due(tx, list(self.until))

    def _rows(self, outcome: Outcome[S], draw: int | None) -> dict[int, RowMaker]:
        makers = {
            p: RowMaker(self.loop.name, self.life.id, s, self.topics, self.around.log.partition_for)
            for p, s in self.standings.items()
        }
        for partition, maker in makers.items():
            self._journal(partition, maker, outcome, draw)
        for effect in outcome.effects:
            makers[effect.partition].effect(effect)
        for partition, intake in self.intakes.items():
            for poison in intake.poison:
                makers[partition].poison(poison)
        for failure in outcome.failures:
            makers[failure.signal.partition].failure(failure, self._original, self.loop.anchor)
        return makers

    def _journal(
        self, partition: int, maker: RowMaker, outcome: Outcome[S], draw: int | None
    ) -> None:
        intake, standing = self.intakes.get(partition), self.standings[partition]
        entry = BatchJournaled(
            loop=self.loop.name,
            partition=partition,
            batch=standing.batch + 1,
            epoch=standing.epoch,
            virtual_time=self.until.get(partition),
            runs=tuple(intake.runs) if intake is not None else (),
            timers=tuple(
                FiredTimer(t.profile_id, t.name, t.due_at)
                for t in outcome.fired
                if t.partition == partition
            ),
            releases={name: r.number for name, r in sorted(self.configuration.releases.items())},
            draw=draw,
            live_since=self.life.live_since,
        )
        maker.journal(self.loop.journal, entry, self.around.clock())

    def _original(self, record: Record) -> tuple[bytes | None, bytes | None]:
        where = (Place(record.topic, record.partition), record.offset)
        fetched = next(item for item in self.originals if (item.place, item.offset) == where)
        return fetched.key, fetched.value

    def _advance(self, maker: RowMaker) -> Advance:
        intake = self.intakes.get(maker.standing.partition)
        drawn = {
            topic: row
            for topic, row in maker.draw.counters.items()
            if maker.standing.drawn.get(topic) != row
        }
        return Advance(
            partition=maker.standing.partition,
            positions=intake.positions if intake is not None else {},
            seen=intake.check.moved if intake is not None else {},
            drawn=drawn,
            outbox=maker.rows,
        )

    def _committed(
        self,
        makers: Mapping[int, RowMaker],
        outcome: Outcome[S],
        due: Mapping[int, datetime] | None,
    ) -> None:
        for partition, maker in makers.items():
            standing = maker.standing
            standing.batch += 1
            standing.drawn = maker.draw.counters
            intake = self.intakes.get(partition)
            if intake is not None:
                standing.seen.update(intake.check.moved)
                standing.positions.update({p: new for p, (_, new) in intake.positions.items()})
            if due is not None and partition in self.until:
                standing.next_due = due.get(partition)
        for change in outcome.timers.values():
            standing = self.standings[change.partition]
            if change.due_at is not None and (
                standing.next_due is None or change.due_at < standing.next_due
            ):
                standing.next_due = change.due_at
        reasons = [poison.reason for intake in self.intakes.values() for poison in intake.poison]
        for reason in (*reasons, *(failure.reason for failure in outcome.failures)):
            metrics.QUARANTINED.labels(self.loop.name, reason).inc()
        metrics.child(metrics.TIMERS_FIRED, self.loop.name).inc(len(outcome.fired))
        lateness = metrics.child(metrics.TIMER_LATENESS, self.loop.name)
        for timer in outcome.fired:
            lateness.observe((self.until[timer.partition] - timer.due_at).total_seconds())
