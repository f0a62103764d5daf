"""Runs one loop: elect, take over, read, fold in batches, publish; until cancelled."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Generic, TypeVar

import structlog

from common.configuration import Configuration
from common.consuming.batch import Batch
from common.consuming.loop import Life, Loop, Pulse, Surroundings
from common.consuming.ownership import LogChangedError, Ownership, Sight, restored_guard
from common.consuming.tenure import Tenure
from common.contracts import Topics, load_topics, payload_types
from common.errors import PermanentError
from common.intake.ahead import ReadAhead
from common.intake.decoding import Decoder, Intake
from common.intake.holding import Holds
from common.progress.following import ProgressFollower
from common.progress.reporting import ProgressReporter
from common.publishing.outbox import DEEPEST, Outbox
from common.streaming.model import Handlers
from common.streaming.ports import FEW, Elector, Fetched, Place, Reader, Standing

S = TypeVar("S")
log = structlog.get_logger(__name__)


class Runner(Generic[S]):
    """One loop's rounds. Everything it knows in memory is as of the last commit; a rollback seeks back."""

    def __init__(
        self,
        loop: Loop[S],
        around: Surroundings,
        life: Life,
        reader: Reader,
        outbox: Outbox,
        follower: ProgressFollower | None,
        reporter: ProgressReporter | None,
    ) -> None:
        self.loop = loop
        guard = restored_guard(around.ledger, loop.journal, life.id, reader)
        self.ownership = Ownership(loop.name, around.ledger, around.monotonic, guard)
        self.pulse = Pulse(around.monotonic)
        self._around = around
        self._life = life
        self._reader = reader
        self._outbox = outbox
        self._follower = follower
        self._reporter = reporter
        self._topics: Topics = load_topics(around.log.partitions)
        self._holds = Holds(around.monotonic)
        self._paused: set[Place] = set()
        self._starts: dict[Place, int] = {}
        self._decoder = Decoder(
            loop=loop.name,
            anchor=loop.anchor,
            types=frozenset(payload_types()),
            inputs=loop.inputs,
            unsequenced=frozenset(t.name for t in self._topics if not t.sequenced),
            live_since=life.live_since,
        )
        self._ahead = ReadAhead(reader, self._decoder.prepare)
        self._handlers: tuple[Configuration, Handlers[S]] | None = None
        self._unsettled = True
        """What is read does not match what is owned yet."""
        self._busy = False
        """The last round had something to do."""
        self._read = 0
        self._tenure = Tenure(
            self.ownership, outbox, self.pulse, around.pace.backoff, lost=self._lost
        )

    async def run(self) -> None:
        """Rounds until cancelled; only a bug or a blown fuse gets out."""
        try:
            await self._tenure.rounds(self.round)
        finally:
            await self._ahead.forget()

    async def round(self) -> float:
        """Settle who owns what, read what is there, commit it, hand it to the outbox; returns the seconds to rest."""
        if await self._tenure.recover() and not self._unsettled:
            await self._rewind()
        freed = await self.ownership.freed()
        if freed:
            self._lost(freed)
        if self._unsettled or self.ownership.pending:
            await self._settle()
        if self._outbox.depth > DEEPEST:
            return 0.05
        if not self._busy:
            await self.ownership.verify()
        self._resume_held()
        try:
            fetched = await self._fetched()
        except PermanentError as error:
            # The log was trimmed or re-created between the check at take-over and now.
            self._recheck(error)
            return 0.0
        begun = self._around.monotonic()
        taken = await self._process(fetched)
        self._busy = taken > 0
        return self._around.pace.rest(taken, self._around.monotonic() - begun)

    async def _fetched(self) -> Sequence[Fetched]:
        """What there is now, as far as a batch takes it; waits a little where that is nothing."""
        pace = self._around.pace
        # What is due does not wait for what may come.
        wait = 0.0 if self._due(self._owned()) else pace.wait
        fetched = await self._ahead.poll(pace.batch, wait)
        if self._read >= FEW and 0 < len(fetched) < pace.many:
            # The driver fetched on when what it held was taken: the rest of what came since is one answer away.
            fetched += await self._ahead.poll(pace.batch - len(fetched), pace.more)
        self._read = len(fetched)
        return fetched

    async def _process(self, fetched: Sequence[Fetched]) -> int:
        """Fold what was fetched and what is due; returns how many signals that were."""
        configuration = self._around.configuration.current
        standings = self._owned()
        intakes, held = self._decoder.take(fetched, standings, configuration, self._holds)
        for item in held:
            self._reader.seek(item.place, item.offset)
            self._pause(item.place)
        found = {intake.standing.partition: intake for intake in intakes}
        taken = await self._batch(found, standings, configuration, fetched)
        for intake in intakes:
            if intake.gap is not None:
                self._stop(intake.standing.partition, intake.gap)
        return taken

    async def _batch(
        self,
        intakes: Mapping[int, Intake],
        standings: Mapping[int, Standing],
        configuration: Configuration,
        fetched: Sequence[Fetched],
    ) -> int:
        taken = 0
        until = self._due(standings)
        full = {p: i for p, i in intakes.items() if i.worth_a_commit}
        concerned = {p: standings[p] for p in full.keys() | until.keys()}
        if concerned:
            with self._outbox.clearing() as published:
                batch = Batch(
                    loop=self.loop,
                    around=self._around,
                    topics=self._topics,
                    life=self._life,
                    handlers=self._table(configuration),
                    configuration=configuration,
                    intakes=full,
                    standings=dict(sorted(concerned.items())),
                    until=until,
                    originals=fetched,
                    published=published,
                )
                if len(fetched) >= self._around.pace.many:
                    batch.meanwhile = partial(self._ahead.begin, self._around.pace.batch)
                rows = await batch.run()
            taken = batch.size
            self._outbox.add(rows)
        if self._reporter is not None:
            await self._report(self._reporter, intakes, standings)
        return taken

    def _owned(self) -> dict[int, Standing]:
        return {standing.partition: standing for standing in self.ownership.active}

    def _due(self, standings: Mapping[int, Standing]) -> dict[int, datetime]:
        """The virtual time of the partitions that have a timer due before it."""
        until: dict[int, datetime] = {}
        if self._follower is None:
            return until
        for partition, standing in standings.items():
            at, due = self._follower.at(standing), standing.next_due
            if at is not None and due is not None and due < at:
                until[partition] = at
        return until

    async def _report(
        self,
        reporter: ProgressReporter,
        intakes: Mapping[int, Intake],
        standings: Mapping[int, Standing],
    ) -> None:
        ticked = [standings[p] for p, intake in intakes.items() if not intake.worth_a_commit]
        if ticked:
            await self._around.ledger.check(ticked)
        for partition, intake in intakes.items():
            if intake.newest is not None and intake.gap is None:
                reporter.heard(partition)
                reporter.folded(partition, intake.newest)
        for statement in reporter.statements(standings.values()):
            self._outbox.state_after(statement)

    def _table(self, configuration: Configuration) -> Handlers[S]:
        if self._handlers is None or self._handlers[0] is not configuration:
            self._handlers = (configuration, self.loop.handlers(configuration))
        return self._handlers[1]

    async def _settle(self) -> None:
        """Let go of what was lost, take what was gained, read on."""
        self._unsettled = True
        await self._tenure.settle()
        await self._reassign()
        self._unsettled = False

    async def _reassign(self) -> None:
        """Read exactly the inputs of what is owned; a place not read before starts where its position says."""
        await self._ahead.forget()
        gained = [
            standing
            for standing in self.ownership.active
            if Place(self.loop.anchor, standing.partition) not in self._starts
        ]
        if gained:  # their last owner may have acted on what was published a moment ago
            await self._around.configuration.catch_up()
        sight = await Sight.of(gained, self.loop.inputs, self._reader)
        for standing in gained:
            try:
                starts = sight.starting_offsets(standing, self.loop.inputs)
            except LogChangedError as error:
                self._stop(standing.partition, f"log_changed {error}")
                continue
            self._starts.update(starts)
        active = {s.partition for s in self.ownership.active}
        offsets = {
            place: self._offset(place) for place in self._starts if place.partition in active
        }
        await self._reader.assign(offsets)

    def _offset(self, place: Place) -> int:
        position = self.ownership.standings[place.partition].positions.get(place)
        return self._starts[place] if position is None else position.next_offset

    def _recheck(self, error: PermanentError) -> None:
        log.error("read_failed", loop=self.loop.name, reason=error.reason, detail=error.detail)
        self._starts.clear()
        self._unsettled = True

    async def _rewind(self) -> None:
        """After a rollback: read again from the saved positions; unsettled, settling assigns them anew."""
        await self._ahead.forget()
        for standing in self.ownership.active:
            for topic in self.loop.inputs:
                place = Place(topic, standing.partition)
                if place in self._starts:
                    self._reader.seek(place, self._offset(place))

    def _lost(self, partitions: frozenset[int]) -> None:
        self._unsettled = self._unsettled or bool(partitions)
        gone = {place for place in self._starts if place.partition in partitions}
        for place in gone:
            del self._starts[place]
        # What is taken anew before it was ever let go of would else stay paused.
        self._reader.resume(gone & self._paused)
        self._paused -= gone
        self._holds.forget(gone)
        if self._follower is not None:
            self._follower.forget(partitions)
        if self._reporter is not None:
            self._reporter.forget(partitions)

    def _stop(self, partition: int, why: str) -> None:
        self.ownership.stop(partition, why)
        for topic in self.loop.inputs:
            self._pause(Place(topic, partition))

    def _pause(self, place: Place) -> None:
        if place in self._starts:
            self._paused.add(place)
            self._reader.pause((place,))

    def _resume_held(self) -> None:
        for place in self._holds.over(self._around.configuration.current):
            if place in self._paused and place.partition not in self.ownership.stopped:
                self._paused.discard(place)
                self._reader.resume((place,))


async def commit_for_lag(runner: Runner[S], elector: Elector, every: float) -> None:
    """Tell lag tools and autoscalers where the anchor topic is read."""
    while True:
        await asyncio.sleep(every)
        anchor = runner.loop.anchor
        offsets = {
            place: position.next_offset
            for standing in runner.ownership.active
            for place, position in standing.positions.items()
            if place.topic == anchor
        }
        if offsets:
            await elector.commit(offsets)
