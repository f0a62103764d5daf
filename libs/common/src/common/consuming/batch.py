"""One batch: fence, timers, load, fold, save, positions, outbox, in one transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

from common.configuration import Configuration
from common.consuming import metrics
from common.consuming.decoding import Intake
from common.consuming.folding import Folder, Outcome
from common.consuming.loop import Loop, Surroundings
from common.consuming.model import Handlers, Record, Sheet, Signal, TimerDue, Transaction
from common.consuming.ports import Advance, Fetched, OutboxRow, Standing
from common.consuming.wire import RowMaker
from common.contracts import Topics
from common.contracts.runtime import BatchJournaled, FiredTimer

S = TypeVar("S")


@dataclass(slots=True)
class Batch(Generic[S]):
    """What goes into one transaction; memory changes only in `committed`, so a rollback needs no repair."""

    loop: Loop[S]
    around: Surroundings
    topics: Topics
    incarnation: str
    handlers: Handlers[S]
    configuration: Configuration
    intakes: Mapping[int, Intake]
    standings: Mapping[int, Standing]
    """Of all partitions that have records or due timers."""
    until: Mapping[int, datetime]
    """Virtual time of the partitions that have due timers."""
    originals: Mapping[tuple[str, int, int], Fetched]

    async def run(self) -> Sequence[OutboxRow]:
        """Commit the batch and return what is to be published.

        Raises:
            FencedError: nothing happened, some partitions have a new owner.
            TransientError: nothing happened, try again from the saved positions.
        """
        records = [record for intake in self.intakes.values() for record in intake.records]
        with metrics.BATCH_SECONDS.labels(self.loop.name).time():
            async with self.around.ledger.transaction() as tx:
                await self.around.ledger.fence(tx, list(self.standings.values()))
                timers = await self._timers(tx)
                outcome, draw = await self._fold(tx, records, timers)
                await self.around.ledger.change_timers(tx, list(outcome.timers.values()))
                due = await self._next_due(tx)
                makers = self._rows(outcome, draw)
                await self.around.ledger.advance(
                    tx, [self._advance(maker) for maker in makers.values()]
                )
        self._committed(makers, outcome, due)
        metrics.BATCH_SIGNALS.labels(self.loop.name).observe(len(records) + len(outcome.fired))
        return [row for maker in makers.values() for row in maker.rows]

    async def _timers(self, tx: Transaction) -> Sequence[TimerDue]:
        if not self.until:
            return ()
        return await self.around.ledger.take_timers(tx, self.until, self.around.pace.batch)

    async def _fold(
        self, tx: Transaction, records: Sequence[Record], timers: Sequence[TimerDue]
    ) -> tuple[Outcome[S], int | None]:
        folder = Folder(self.loop.name, self.handlers, self.around.fuse)
        wanted = [record for record in records if folder.touches(record)]
        signals: list[Signal] = [*wanted, *timers]
        if not signals:
            return Outcome(), None
        sheet: Sheet[S] = await self.loop.book.load(tx, signals)
        outcome = folder.fold(sheet, wanted, timers, lambda timer: self.until[timer.partition])
        await self.loop.book.save(tx, sheet)
        return outcome, sheet.draw

    async def _next_due(self, tx: Transaction) -> Mapping[int, datetime] | None:
        """The next due times where timers were taken; elsewhere the memory knows them."""
        if not self.until:
            return None
        return await self.around.ledger.next_due(tx, list(self.until))

    def _rows(self, outcome: Outcome[S], draw: int | None) -> dict[int, RowMaker]:
        makers = {
            p: RowMaker(
                self.loop.name, self.incarnation, s, self.topics, self.around.log.partition_for
            )
            for p, s in self.standings.items()
        }
        for partition, maker in makers.items():
            self._journal(partition, maker, outcome, draw)
        for effect in outcome.effects:
            makers[effect.partition].effects((effect,))
        for partition, intake in self.intakes.items():
            for poison in intake.poison:
                metrics.QUARANTINED.labels(self.loop.name, poison.reason).inc()
                makers[partition].poison(poison)
        for failure in outcome.failures:
            metrics.QUARANTINED.labels(self.loop.name, failure.reason).inc()
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
        )
        maker.journal(self.loop.journal, entry, self.around.clock())

    def _original(self, record: Record) -> tuple[bytes | None, bytes | None]:
        fetched = self.originals[record.topic, record.partition, record.offset]
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
        metrics.TIMERS_FIRED.labels(self.loop.name).inc(len(outcome.fired))
        for timer in outcome.fired:
            late = (self.until[timer.partition] - timer.due_at).total_seconds()
            metrics.TIMER_LATENESS.labels(self.loop.name).observe(late)
