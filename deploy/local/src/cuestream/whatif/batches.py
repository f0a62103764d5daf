"""The journaled batches of some partitions with what they took, in the order in which they happened."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from heapq import heappop, heappush

from typing_extensions import override

from common.configuration import Configuration
from common.consuming.loop import Life
from common.contracts import load_topics, payload_types
from common.contracts.runtime import Run
from common.errors import PermanentError
from common.intake.decoding import Decoder
from common.intake.holding import Holds
from common.recovery.history import Entry, Journal
from common.recovery.tape import Tape
from common.streaming.model import Signal
from common.streaming.ports import Bounds, Fetched, Place, Standing
from orchestrator.consumer import ANCHOR, INPUTS, LOOP


class Batches:
    """What the partitions' owners journaled, the earliest first: what one hands another over was journaled before it was taken."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._heads: list[tuple[float, int]] = []
        self._entries: dict[int, Entry] = {}

    async def advance(self, partition: int) -> None:
        """Go on to the partition's next batch.

        Raises:
            PermanentError: `journal_gap`.
        """
        entry = await self._journal.next(partition)
        self._entries.pop(partition, None)
        if entry is not None:
            self._entries[partition] = entry
            self.put_back(partition)

    def earliest(self) -> Entry | None:
        """The batch that comes next, of whichever partition."""
        return self._entries[heappop(self._heads)[1]] if self._heads else None

    def put_back(self, partition: int) -> None:
        """The partition's batch may come again."""
        heappush(self._heads, (self._entries[partition].at.timestamp(), partition))


class Signals:
    """Reads what a batch took, through the very code that read it first."""

    def __init__(
        self, inputs: Tape, bounds: Mapping[Place, Bounds], life: Life, partitions: int
    ) -> None:
        """`inputs` is wound to the begin of every place in `bounds`."""
        self._inputs = inputs
        self._bounds = bounds
        self._standings = {place.partition: Standing(place.partition, 0, 0) for place in bounds}
        self._decoder = Decoder(
            loop=LOOP,
            anchor=ANCHOR,
            types=frozenset(payload_types()),
            inputs=INPUTS,
            unsequenced=frozenset(t.name for t in load_topics(partitions) if not t.sequenced),
            live_since=life.live_since,
        )

    async def of(self, entry: Entry, configuration: Configuration) -> Sequence[Signal]:
        """The batch's signals in their order, without those of workspaces that the configuration does not have.

        Raises:
            PermanentError: `log_too_short`.
        """
        fetched = [item for run in entry.batch.runs for item in await self._fetched(run)]
        standing = self._standings[entry.batch.partition]
        standings = {standing.partition: standing}
        intakes, _ = self._decoder.take(fetched, standings, configuration, _NoHolds(_no_time))
        for intake in intakes:
            standing.seen.update(intake.check.moved)
            standing.positions.update({p: new for p, (_, new) in intake.positions.items()})
        return [signal for intake in intakes for signal in intake.signals]

    async def _fetched(self, run: Run) -> Sequence[Fetched]:
        place = Place(run.topic, run.partition)
        if run.first < self._bounds[place].begin:
            raise PermanentError("log_too_short", f"{run.topic} no longer holds {run.first}")
        return await self._inputs.through(place, run.last)


class _NoHolds(Holds):
    """Nothing waits: what was journaled did not."""

    @override
    def waits(self, fetched: Fetched, workspace: str) -> bool:
        return False


def _no_time() -> float:
    return 0.0
