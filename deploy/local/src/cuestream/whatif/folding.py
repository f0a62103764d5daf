"""Folds the partitions that it is given, and tells what was decided on them beside what would have been."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import blake2b
from resource import RUSAGE_SELF, getrusage
from typing import Final
from uuid import UUID

import msgspec

from common.clock import EPOCH
from common.consuming.loop import Life
from common.contracts import load_topics
from common.contracts.merging import ProfileHandedOver
from common.publishing.effects import Effect
from common.publishing.rows import RowMaker
from common.recovery.history import Entry, Journal, Releases, entry_of
from common.recovery.subject import MARGIN, last_entries, newest_life
from common.recovery.tape import Tape
from common.streaming.model import Record, Signal
from common.streaming.ports import Fetched, Log, Outgoing, Place, Reader, Standing
from cuestream.whatif.batches import Batches, Signals
from cuestream.whatif.handing import Handovers, Merge
from cuestream.whatif.pasts import AsItWas, AsItWouldBe, Past, mark
from cuestream.whatif.question import Question
from cuestream.whatif.recorded import (
    DECISIONS,
    REQUESTS,
    DecisionLog,
    asked_about,
    read_recorded,
    told_on,
)
from cuestream.whatif.ruling import Ruling
from cuestream.whatif.supposing import InForce
from orchestrator.consumer import ANCHOR, INPUTS, LOOP, SERVICE

JOURNAL: Final = f"{SERVICE}.journal"
TOLD: Final = (DECISIONS, REQUESTS)
_LOOK: Final = 0.02
"""Seconds between two looks at what other workers have handed over."""


class Told(msgspec.Struct):
    """What folding some partitions came to."""

    live: list[Ruling]
    supposed: list[Ruling]
    under_way: set[UUID] = set()
    """What began the passages that the candidate would not have ended yet."""
    digests: dict[int, tuple[str, str]] = {}
    """By partition, of the decisions on the log and of those that were made again; only where nothing is supposed."""
    batches: int = 0
    records: int = 0
    """Offsets that the batches took."""
    timers: int = 0
    peak_mib: float = 0.0
    """Resident memory of the process at its highest."""
    begun_at: datetime | None = None
    """When the first of the batches was journaled."""
    ended_at: datetime | None = None


async def fold(
    log: Log, question: Question, partitions: Collection[int], handovers: Handovers
) -> Told:
    """Fold these partitions from their begin.

    Raises:
        PermanentError: `no_journal`, `journal_gap`, `log_too_short`, `release_unknown`: the log does not reach back far enough.
        TransientError: the log cannot be reached.
    """
    async with AsyncExitStack() as stack:

        async def reader() -> Reader:
            return await stack.enter_async_context(log.reader())

        asking = await reader()
        last = await last_entries(asking, JOURNAL, log.partitions)
        life = newest_life(last, JOURNAL)
        journal, told, inputs = Tape(await reader()), Tape(await reader()), Tape(await reader())
        await journal.wind({Place(JOURNAL, p): None for p in partitions})
        await told.wind(dict.fromkeys(told_on(partitions)))
        ends = await _ends(journal, asking, partitions)
        recorded = await read_recorded(told, question, life.id, ends)
        places = [Place(topic, p) for p in partitions for topic in INPUTS]
        bounds = await asking.bounds(places)
        await inputs.wind({place: bounds[place].begin for place in places})
        in_force = InForce(await Releases.read(asking), question)
        past: Past = AsItWas()
        if question.candidate is not None:
            fired = await _fired(Tape(await reader()), partitions, life)
            past = AsItWouldBe(
                question.workspace, question.playbook, recorded.requested, fired, handovers
            )
        folding = _Folding(
            question=question,
            batches=Batches(Journal(journal, JOURNAL, life.id, dict.fromkeys(partitions, 0))),
            signals=Signals(inputs, bounds, life, log.partitions),
            in_force=in_force,
            past=past,
            handovers=handovers,
            makers=_Makers(log, life),
            end=_reached(last),
        )
        await folding.run(partitions)
        return folding.beside(recorded)


@dataclass(slots=True)
class _Makers:
    """Makes records of effects, as the runtime would."""

    log: Log
    life: Life

    def record(self, effect: Effect) -> Outgoing:
        standing = Standing(effect.partition, 0, 0)
        topics = load_topics(self.log.partitions)
        maker = RowMaker(LOOP, self.life.id, standing, topics, self.log.partition_for)
        maker.effect(effect)
        return maker.rows[0].record


@dataclass(slots=True)
class _Folding:
    question: Question
    batches: Batches
    signals: Signals
    in_force: InForce
    past: Past
    handovers: Handovers
    makers: _Makers
    end: datetime
    """How far time went, as far as the journal and what was accepted tell."""
    made: DecisionLog = field(default_factory=DecisionLog)
    told: Told = field(default_factory=lambda: Told([], []))
    _aside: dict[int, tuple[Entry, Sequence[Signal]]] = field(default_factory=dict)
    """Batches that wait for a merged profile's state, by partition."""
    _last: dict[int, Entry] = field(default_factory=dict)

    async def run(self, partitions: Collection[int]) -> None:
        for partition in sorted(partitions):
            await self.batches.advance(partition)
        while True:
            entry = self.batches.earliest()
            if entry is not None:
                await self._fold(entry)
            elif self._aside:
                await self._wait()
            else:
                break
        self.handovers.rests(at_all=True)
        end = self.end if self.question.until is None else min(self.end, self.question.until)
        for partition, entry in self._last.items():
            self._make(partition, self.past.end(partition, end, self.in_force.at(entry)))

    async def _fold(self, entry: Entry) -> None:
        if self.question.until is not None and entry.at > self.question.until + MARGIN:
            return  # nothing that is asked about comes later
        signals = await self.signals.of(entry, self.in_force.at(entry).configuration)
        if self._lacks(signals):
            self._aside[entry.batch.partition] = entry, signals
        else:
            await self._take(entry, signals)
        await self._take_those_that_waited()

    def _lacks(self, signals: Sequence[Signal]) -> bool:
        """Whether a merged profile's state is still on its way: another partition's batches come first."""
        if self.question.candidate is None:
            return False  # what was handed over then is on the log
        return any(
            isinstance(one, Record)
            and one.event.type == ProfileHandedOver.TYPE
            and not self.handovers.has(Merge.of(one.event.payload(ProfileHandedOver)))
            for one in signals
        )

    async def _take_those_that_waited(self) -> bool:
        there = [p for p, (_, signals) in self._aside.items() if not self._lacks(signals)]
        for partition in there:
            await self._take(*self._aside.pop(partition))
        return bool(there)

    async def _wait(self) -> None:
        """Another worker has what we wait for, or nobody: then it is taken as it was handed over then."""
        self.handovers.rests(at_all=True)
        if await self._take_those_that_waited():
            self.handovers.rests(at_all=False)
        elif self.handovers.nobody_works:
            await self._take(*self._aside.pop(min(self._aside)))
            self.handovers.rests(at_all=False)
        else:
            await asyncio.sleep(_LOOK)

    async def _take(self, entry: Entry, signals: Sequence[Signal]) -> None:
        partition = entry.batch.partition
        self._make(partition, self.past.batch(entry, signals, self.in_force.at(entry)))
        self._last[partition] = entry
        self.end = max(self.end, _newest(signals))
        told = self.told
        told.batches += 1
        told.records += sum(run.last - run.first + 1 for run in entry.batch.runs)
        told.timers += len(entry.batch.timers)
        told.begun_at = min(told.begun_at or entry.at, entry.at)
        told.ended_at = max(told.ended_at or entry.at, entry.at)
        await self.batches.advance(partition)

    def _make(self, partition: int, effects: Sequence[Effect]) -> None:
        compared = self.question.candidate is None
        for effect in effects:
            if effect.topic not in TOLD:
                continue
            event = asked_about(self.question, effect.value)
            if event is not None:
                self.made.add(partition, event, self.makers.record(effect) if compared else None)

    def beside(self, recorded: DecisionLog) -> Told:
        """What was made beside what was recorded."""
        told, counts = self.told, self.question.counts
        told.peak_mib = getrusage(RUSAGE_SELF).ru_maxrss / 1024
        told.live = [one for one in recorded.with_requests() if counts(one.at)]
        told.supposed = [one for one in self.made.with_requests() if counts(one.at)]
        if isinstance(self.past, AsItWouldBe):
            told.under_way = self.past.under_way
        else:
            told.digests = {
                partition: (self._whole(recorded, partition), self._whole(self.made, partition))
                for partition in sorted({*recorded.digests, *self.made.digests})
            }
        return told

    def _whole(self, log: DecisionLog, partition: int) -> str:
        counts = self.question.counts
        counting = [digest for at, digest in log.digests[partition] if counts(at)]
        return blake2b(b"".join(counting), digest_size=12).hexdigest()


async def _ends(
    journal: Tape, asking: Reader, partitions: Collection[int]
) -> Mapping[int, datetime | None]:
    """By partition, when the first batch was made that is on no tape any more: what is told from then on was made by it."""
    places = {Place(JOURNAL, p): journal.end(Place(JOURNAL, p)) for p in partitions}
    bounds = await asking.bounds(places)
    went_on = {place: end for place, end in places.items() if bounds[place].end > end}
    later = await asking.records_at(went_on) if went_on else {}
    return {p: _at(later.get(Place(JOURNAL, p))) for p in partitions}


def _at(record: Fetched | None) -> datetime | None:
    return None if record is None else entry_of(record).at


async def _fired(tape: Tape, partitions: Collection[int], life: Life) -> set[int]:
    """The marks of all timers that ever fired."""
    await tape.wind({Place(JOURNAL, p): None for p in partitions})
    journal = Journal(tape, JOURNAL, life.id, dict.fromkeys(partitions, 0))
    found: set[int] = set()
    for partition in partitions:
        while (entry := await journal.next(partition)) is not None:
            found.update(map(mark, entry.batch.timers))
    return found


def _reached(last: Mapping[int, Entry]) -> datetime:
    """The latest virtual time in the newest batches, of whichever partition; the clock on the wall says nothing of it."""
    return max((one.batch.virtual_time or EPOCH for one in last.values()), default=EPOCH)


def _newest(signals: Sequence[Signal]) -> datetime:
    accepted = (
        one.accepted_at
        for one in signals
        if isinstance(one, Record) and one.topic == ANCHOR and not one.history
    )
    return max(accepted, default=EPOCH)
