"""What loops have published, as the log holds it: told apart by origin and sequence, compared by digest."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import blake2b

from common.contracts import Topics
from common.recovery.tape import Tape
from common.streaming.ports import Fetched, OutboxRow, Outgoing, Place, Reader
from common.streaming.wire import origin_of

Digest = bytes
_Source = tuple[str, Place]


def digest_of(record: Outgoing | Fetched) -> Digest:
    """Of key, value and headers: of all that we write."""
    made = blake2b(digest_size=12)
    for part in (record.key, record.value):
        made.update(b"-" if part is None else b"+%d:" % len(part) + part)
    for name in sorted(record.headers):
        made.update(b"|%s=%s" % (name.encode(), record.headers[name]))
    return made.digest()


@dataclass(slots=True)
class Recorded:
    """The records of some origins, each once."""

    numbered: defaultdict[_Source, dict[int, Digest]] = field(
        default_factory=lambda: defaultdict(dict)
    )
    """Of sequenced topics, by sequence."""
    unnumbered: defaultdict[_Source, set[Digest]] = field(default_factory=lambda: defaultdict(set))

    @classmethod
    async def read(
        cls,
        reader: Reader,
        topics: Topics,
        origins: Collection[str],
        *,
        besides: Collection[str] = (),
        since: datetime | None = None,
    ) -> Recorded:
        """Look through all topics but these for what came from these origins."""
        recorded = cls()
        places = [
            Place(topic.name, partition)
            for topic in topics
            if topic.name not in besides
            for partition in range(topic.partitions)
        ]
        starts: dict[Place, int | None] = dict.fromkeys(places)
        if since is not None:
            starts.update(await reader.offsets_since(places, since))
        tape = Tape(reader)
        await tape.wind(starts)
        wanted = {origin.encode() for origin in origins}
        for place in places:
            while (record := await tape.next(place)) is not None:
                if record.headers.get("origin") in wanted:
                    recorded.add(record)
        return recorded

    def add(self, record: Fetched) -> None:
        source = (record.headers["origin"].decode(), record.place)
        sequence = record.headers.get("sequence")
        if sequence is None:
            self.unnumbered[source].add(digest_of(record))
        else:
            self.numbered[source].setdefault(int(sequence), digest_of(record))

    def holds(self, row: OutboxRow) -> bool:
        """Whether the log has this record already (of a numbered one: any with its number)."""
        source, sequence = _source(row)
        if sequence is None:
            return digest_of(row.record) in self.unnumbered.get(source, ())
        return sequence in self.numbered.get(source, {})

    def drawn(self, loop: str, partition: int, incarnation: str) -> Mapping[Place, int]:
        """The highest number that this origin has given, per place."""
        origin = origin_of(loop, partition, incarnation)
        return {
            place: max(numbers)
            for (of, place), numbers in self.numbered.items()
            if of == origin and numbers
        }


@dataclass(slots=True)
class Comparison:
    """How what is folded again compares with what was published."""

    recorded: Recorded
    same: int = 0
    different: list[str] = field(default_factory=list)
    """Where, at most twenty."""
    differing: int = 0
    unpublished: int = 0
    """Not on the log: of the last batches some may still be in the outbox."""
    _made: defaultdict[_Source, int] = field(default_factory=lambda: defaultdict(int))

    def take(self, row: OutboxRow) -> None:
        source, sequence = _source(row)
        self._made[source] += 1
        if not self.recorded.holds(row):
            self.unpublished += 1
        elif sequence is None or self.recorded.numbered[source][sequence] == digest_of(row.record):
            self.same += 1
        else:
            self.differing += 1
            if len(self.different) < 20:
                place = row.target
                self.different.append(f"{place.topic}/{place.partition} {source[0]} #{sequence}")

    @property
    def extra(self) -> int:
        """Records on the log that the fold did not make."""
        numbered = sum(
            max(0, len(numbers) - self._made[source])
            for source, numbers in self.recorded.numbered.items()
        )
        return numbered + sum(
            max(0, len(digests) - self._made[source])
            for source, digests in self.recorded.unnumbered.items()
        )


def _source(row: OutboxRow) -> tuple[_Source, int | None]:
    headers = row.record.headers
    sequence = headers.get("sequence")
    return (headers["origin"].decode(), row.target), None if sequence is None else int(sequence)
