"""Folds journaled batches again, through the very code that folded them first; only where a batch ends is scripted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar

from typing_extensions import override

from common.configuration import Configuration
from common.consuming.batch import Batch
from common.consuming.folding import Fuse, Outcome
from common.consuming.loop import Life, Loop, Pace, Surroundings
from common.contracts import Topics, load_topics, payload_types
from common.contracts.runtime import FiredTimer
from common.errors import PermanentError
from common.intake.decoding import Decoder
from common.intake.holding import Holds
from common.publishing.rows import RowMaker
from common.recovery.history import Entry, Releases
from common.recovery.tape import Tape
from common.streaming.ports import Fetched, Ledger, Log, OutboxRow, Place, Standing

S = TypeVar("S")

NO_FUSE = 1_000_000_000
"""What failed then fails now: that is no news."""


class ScriptedLedger(Ledger, Protocol):
    """A ledger whose timers are taken by name."""

    def script(self, timers: Mapping[int, Sequence[FiredTimer]]) -> None:
        """The next `take_timers` takes exactly these, by partition."""
        ...


class DivergedError(Exception):
    """Folding again led to something else than what was journaled."""


@dataclass(slots=True)
class _Refold(Batch[S]):
    """A batch whose journal record is known already."""

    entries: Mapping[int, Entry] = field(default_factory=dict)

    @override
    def _journal(
        self, partition: int, maker: RowMaker, outcome: Outcome[S], draw: int | None
    ) -> None:
        entry = self.entries[partition]
        intake = self.intakes.get(partition)
        runs = () if intake is None else tuple(intake.runs)
        fired = tuple(
            FiredTimer(t.profile_id, t.name, t.due_at)
            for t in outcome.fired
            if t.partition == partition
        )
        if (runs, fired) != (entry.batch.runs, entry.batch.timers):
            place = f"batch {entry.batch.batch} of {self.loop.name}/{partition}"
            raise DivergedError(f"{place}: {runs} {fired} instead of what was journaled")
        maker.journal(self.loop.journal, entry.batch, entry.at)


@dataclass(slots=True)
class Refolder(Generic[S]):
    """Folds a loop's batches again, on a ledger and a book that stand where the first of them began."""

    loop: Loop[S]
    log: Log
    ledger: ScriptedLedger
    life: Life
    releases: Releases
    inputs: Tape
    standings: Mapping[int, Standing]
    topics: Topics = field(init=False)
    _decoder: Decoder = field(init=False)
    _around: Surroundings = field(init=False)

    def __post_init__(self) -> None:
        self.topics = load_topics(self.log.partitions)
        self._decoder = Decoder(
            loop=self.loop.name,
            anchor=self.loop.anchor,
            types=frozenset(payload_types()),
            inputs=self.loop.inputs,
            unsequenced=frozenset(t.name for t in self.topics if not t.sequenced),
            live_since=self.life.live_since,
        )
        self._around = Surroundings(
            self.log, self.ledger, _Given(Configuration()), Pace(batch=1_000_000), Fuse(NO_FUSE)
        )

    async def fold(self, entries: Mapping[int, Entry]) -> Sequence[OutboxRow]:
        """Fold what one transaction did on these partitions; returns what it published.

        Raises:
            DivergedError: it cannot be what was done.
            PermanentError: `log_too_short`, `release_unknown`.
            TransientError: nothing happened.
        """
        standings = {p: self.standings[p] for p in sorted(entries)}
        configuration = self.releases.at(next(iter(entries.values())).batch.releases)
        fetched = [item for p in sorted(entries) for item in await self._fetched(entries[p])]
        intakes, held = self._decoder.take(fetched, standings, configuration, _NoHolds(_no_time))
        if held or any(intake.gap for intake in intakes):
            raise DivergedError(f"a record of {_named(entries)} would not be folded now")
        self.ledger.script({p: entry.batch.timers for p, entry in entries.items()})
        batch = _Refold(
            loop=self.loop,
            around=self._around,
            topics=self.topics,
            life=self.life,
            handlers=self.loop.handlers(configuration),
            configuration=configuration,
            intakes={intake.standing.partition: intake for intake in intakes},
            standings=standings,
            until={
                p: entry.batch.virtual_time
                for p, entry in entries.items()
                if entry.batch.virtual_time is not None
            },
            originals=fetched,
            entries=entries,
        )
        return await batch.run()

    async def _fetched(self, entry: Entry) -> list[Fetched]:
        fetched: list[Fetched] = []
        for run in entry.batch.runs:
            place = Place(run.topic, run.partition)
            records = await self.inputs.through(place, run.last)
            kept = [record for record in records if record.offset >= run.first]
            if not kept or kept[-1].offset != run.last:
                raise PermanentError(
                    "log_too_short", f"{run.topic}/{run.partition} no longer holds {run.last}"
                )
            fetched += kept
        return fetched


class _NoHolds(Holds):
    """Nothing waits: what was journaled did not."""

    @override
    def waits(self, fetched: Fetched, workspace: str) -> bool:
        return False


@dataclass(frozen=True, slots=True)
class _Given:
    current: Configuration

    async def wait_ready(self) -> None:
        return

    async def catch_up(self) -> None:
        return


def _no_time() -> float:
    return 0.0


def _named(entries: Mapping[int, Entry]) -> str:
    return ", ".join(f"batch {e.batch.batch} of partition {p}" for p, e in entries.items())


def starts_of(standings: Mapping[int, Standing], inputs: Sequence[str]) -> dict[Place, int | None]:
    """Where each partition's inputs are read on; None: from the log's begin."""
    starts: dict[Place, int | None] = {}
    for partition, standing in standings.items():
        for topic in inputs:
            place = Place(topic, partition)
            position = standing.positions.get(place)
            starts[place] = None if position is None else position.next_offset
    return starts
