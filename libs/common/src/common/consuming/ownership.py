"""Which partitions are ours: what the elector assigns, under an epoch of our own, checked against the log."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field

import structlog

from common.contracts import decode_event
from common.contracts.runtime import BatchJournaled
from common.errors import PermanentError
from common.streaming import metrics
from common.streaming.ports import Bounds, Fetched, Ledger, Place, Position, Reader, Standing

log = structlog.get_logger(__name__)

Guard = Callable[[Mapping[int, Standing]], Awaitable[None]]

SILENCE = 30.0
"""Seconds without a word of the elector after which the assignment that we know is the one in force: a process that was
stopped hears within its session (20 s) that it lost its place."""

LOOK_AGAIN = 1.0
"""Seconds between two looks at what somebody else may have done to partitions at which nothing happens."""


LATE = 50
"""Records at a journal's end of which the newest batch is looked for: what was appended without an answer was appended
again, and may land once more behind what followed it."""


async def trust(gained: Mapping[int, Standing]) -> None:
    """A guard that knows no reason to refuse."""


@dataclass(slots=True)
class Ownership:
    """The partitions of one loop that this process owns.

    A partition from which we were fenced is not taken again before the elector has spoken anew:
    a process that was stopped and comes back would otherwise take it from its rightful owner.
    Where it stays silent, whoever fenced us was late with an older assignment and lets go again: then it is ours.
    """

    loop: str
    ledger: Ledger
    monotonic: Callable[[], float]
    guard: Guard = trust
    """Asked before anything of a gained partition is published or read."""
    standings: dict[int, Standing] = field(default_factory=dict)
    stopped: dict[int, str] = field(default_factory=dict)
    """Partition → the alarm with which it stopped."""
    _wanted: frozenset[int] | None = None
    """None until the elector has spoken."""
    _fenced: dict[int, float] = field(default_factory=dict)
    """Since when (monotonic seconds)."""
    _looked: float = 0.0
    _verified: float = 0.0

    async def on_assigned(self, partitions: frozenset[int]) -> None:
        """The elector's word; the loop acts on it between two batches."""
        self._wanted = partitions
        self._fenced.clear()

    @property
    def pending(self) -> bool:
        """True when the assignment and what is owned differ."""
        return bool(self._ours ^ self.standings.keys())

    @property
    def settled(self) -> bool:
        """True when the elector has spoken, and what it gave is ours: until then nobody may rely on us."""
        return self._wanted is not None and not self.pending

    @property
    def _ours(self) -> frozenset[int]:
        """What we may own: all that was assigned, but for what somebody else took a moment ago."""
        wanted = self._wanted or frozenset()
        if not self._fenced:
            return wanted
        now = self.monotonic()
        return wanted - {p for p, at in self._fenced.items() if now - at < SILENCE}

    @property
    def active(self) -> list[Standing]:
        """Owned and not stopped."""
        return [s for p, s in self.standings.items() if p not in self.stopped]

    def release_lost(self) -> frozenset[int]:
        """Let go of what is no longer assigned; the epoch fences whatever is still under way."""
        lost = frozenset(self.standings.keys() - self._ours)
        self._drop(lost)
        return lost

    async def take_gained(self) -> list[Standing]:
        """Raise the epochs of what was assigned and is not owned yet, and load their standings."""
        gained = self._ours - self.standings.keys()
        if not gained:
            return []
        standings = await self.ledger.take_over(gained)
        await self.guard(standings)
        self.standings.update(standings)
        for standing in standings.values():
            metrics.show(metrics.EPOCH, standing.epoch, self.loop, standing.partition)
        metrics.OWNED.labels(self.loop).set(len(self.standings))
        log.info("partitions_taken", loop=self.loop, partitions=sorted(standings))
        return list(standings.values())

    async def reload(self) -> list[Standing]:
        """Load what is owned anew, under the same epochs."""
        if not self.standings:
            return []
        fresh = await self.ledger.reload(list(self.standings.values()))
        self.standings.update(fresh)
        return list(fresh.values())

    async def freed(self) -> frozenset[int]:
        """Partitions that an operator took from us while they stood still, for us to take anew."""
        idle = self.stopped.keys() | self._fenced.keys()
        now = self.monotonic()
        if not idle or now - self._looked < LOOK_AGAIN:
            return frozenset()
        self._looked = now
        freed = frozenset(await self.ledger.released(idle))
        for partition in freed:
            self._fenced.pop(partition, None)
        self._drop(freed)
        return freed

    async def verify(self) -> None:
        """An owner without work learns, too, that its place was taken or a backup put in place, which a batch would tell."""
        now = self.monotonic()
        if self.standings and now - self._verified >= LOOK_AGAIN:
            self._verified = now
            await self.ledger.check(list(self.standings.values()))

    def fence(self, partitions: Collection[int]) -> None:
        """Somebody else owns these now."""
        metrics.FENCED.labels(self.loop).inc()
        log.warning("partitions_fenced", loop=self.loop, partitions=sorted(partitions))
        self._fenced.update(dict.fromkeys(partitions, self.monotonic()))
        self._drop(partitions)

    def stop(self, partition: int, why: str) -> None:
        """Stop one partition with an alarm; the others go on."""
        self.stopped[partition] = why
        metrics.show(metrics.STOPPED, 1, self.loop, partition, why.split(" ", 1)[0])
        log.error("partition_stopped", loop=self.loop, partition=partition, detail=why)

    def _drop(self, partitions: Collection[int]) -> None:
        for partition in partitions:
            self.standings.pop(partition, None)
            self.stopped.pop(partition, None)
            metrics.forget(self.loop, partition)  # the alarm goes with the partition
        metrics.OWNED.labels(self.loop).set(len(self.standings))


@dataclass(frozen=True, slots=True)
class Sight:
    """What the log shows at the inputs of partitions: its bounds, and the records that were read last."""

    bounds: Mapping[Place, Bounds]
    before: Mapping[Place, Fetched]

    @classmethod
    async def of(
        cls, standings: Collection[Standing], inputs: Sequence[str], reader: Reader
    ) -> Sight:
        """All in two questions: meanwhile everything of this process stands still."""
        bounds = await reader.bounds([Place(t, s.partition) for s in standings for t in inputs])
        before = {
            place: position.next_offset - 1
            for standing in standings
            for place, position in standing.positions.items()
            if place in bounds and position.appended_at is not None
        }
        return cls(bounds, await reader.records_at(before))

    def starting_offsets(self, standing: Standing, inputs: Sequence[str]) -> dict[Place, int]:
        """Where to read on at each input, if the log is still the one we know.

        Raises:
            LogChangedError: a topic was trimmed or re-created under us.
        """
        offsets: dict[Place, int] = {}
        for place in (Place(topic, standing.partition) for topic in inputs):
            position = standing.positions.get(place)
            if position is None:
                offsets[place] = self.bounds[place].begin
            else:
                _check(place, position, self.bounds[place], self.before.get(place))
                offsets[place] = position.next_offset
        return offsets


async def refuse_restored(
    batches: Mapping[int, int],
    journal: str,
    incarnation: str,
    reader: Reader,
    again: Callable[[Collection[int]], Awaitable[Mapping[int, int]]],
) -> None:
    """Stop before a database that was set back does again, otherwise, what the log already holds.

    `again` loads the batch numbers of some partitions anew: since `batches` were loaded, their owner may have gone on.

    Raises:
        PermanentError: `database_restored`, the journal knows later batches of this life than the database.
    """
    places = [Place(journal, partition) for partition in sorted(batches)]
    ahead: dict[int, int] = {}
    for place, records in (await reader.last_records(places, LATE)).items():
        known = max((_batch_of(record, incarnation) for record in records), default=0)
        if known > batches[place.partition]:
            ahead[place.partition] = known
    # Only what is committed is journaled: what is loaded after the journal was read cannot rightly be behind it.
    for partition, committed in (await again(ahead) if ahead else {}).items():
        if ahead[partition] > committed:
            detail = (
                f"{journal}/{partition} knows batch {ahead[partition]}, the database {committed}"
            )
            raise PermanentError("database_restored", f"{detail}: run cuestream recover")


def restored_guard(ledger: Ledger, journal: str, incarnation: str, reader: Reader) -> Guard:
    """Refuses the partitions of a loop whose database was set back; FencedError where they are no longer ours."""

    async def guard(gained: Mapping[int, Standing]) -> None:
        async def again(partitions: Collection[int]) -> Mapping[int, int]:
            fresh = await ledger.reload([gained[partition] for partition in partitions])
            return {partition: standing.batch for partition, standing in fresh.items()}

        batches = {partition: standing.batch for partition, standing in gained.items()}
        await refuse_restored(batches, journal, incarnation, reader, again)

    return guard


def _batch_of(record: Fetched, incarnation: str) -> int:
    """The batch that a journal's record tells of; 0 where another life wrote it."""
    if not record.headers.get("origin", b"").endswith(b"/" + incarnation.encode()):
        return 0
    return decode_event(record.value or b"").payload(BatchJournaled).batch


class LogChangedError(Exception):
    """The log is not the one that the position was taken on."""


def _check(place: Place, position: Position, bounds: Bounds, before: Fetched | None) -> None:
    name = f"{place.topic}/{place.partition}"
    if not bounds.begin <= position.next_offset <= bounds.end:
        raise LogChangedError(
            f"position {position.next_offset} of {name} is outside the log ({bounds.begin}-{bounds.end})"
        )
    if before is not None and before.appended_at != position.appended_at:
        raise LogChangedError(f"record {before.offset} of {name} is not the one that was read")
