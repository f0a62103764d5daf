"""What a loop should have written, against what stands on the topics: every record, byte for byte, in order."""

from __future__ import annotations

from array import array
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import Final, TypeAlias
from uuid import UUID

from common.clock import EPOCH
from common.consuming import Consequence, Signal
from common.contracts import encode_event, event_bytes, load_topics
from common.contracts.topics import QUARANTINE_SUFFIX
from common.ids import caused_id
from common.kafka import partition_for
from common.streaming.ports import Fetched, Place
from tests.fault.checker.report import Report
from tests.fault.history.model import History

Digests: TypeAlias = "array[int]"
"""Of one origin's records at one place, 8 bytes each, in the order of their sequences."""


def digest_of(key: bytes | None, value: bytes | None, accepted: bytes) -> int:
    """Of all that counts of a record: who it is about, what it says, as of when."""
    whole = blake2b(b"%b/%b/" % (accepted, key or b""), digest_size=8)
    whole.update(b"tombstone" if value is None else value)
    return int.from_bytes(whole.digest(), "big")


@dataclass(slots=True)
class Written:
    """What the origins wrote: per loop, partition and place."""

    by_origin: defaultdict[tuple[str, int, Place], Digests] = field(
        default_factory=lambda: defaultdict(lambda: array("Q"))
    )

    @classmethod
    def of(cls, history: History, report: Report) -> Written:
        """Read every topic that our loops write; repetitions are counted and left out."""
        written = cls()
        for topic in load_topics(history.partitions):
            if topic.name.endswith((QUARANTINE_SUFFIX, ".journal")):
                continue
            for partition in range(topic.partitions):
                written._read(history, Place(topic.name, partition), topic.sequenced, report)
        return written

    def _read(self, history: History, place: Place, numbered: bool, report: Report) -> None:
        last: dict[str, int] = {}
        met: dict[str, set[int]] = defaultdict(set)
        for item in history.records(place):
            origin = item.headers.get("origin", b"").decode("utf-8", "replace")
            parts = origin.split("/")
            if len(parts) != 3 or not parts[1].isdigit():
                continue
            old = item.headers.get("history", b"")
            digest = digest_of(item.key, item.value, item.headers.get("accepted", b"") + old)
            if numbered:
                fresh = _follows(item, origin, last, report)
            else:
                fresh = digest not in met[origin]
                met[origin].add(digest)
            if fresh:
                self.by_origin[parts[0], int(parts[1]), place].append(digest)
            else:
                report.count("physical_duplicates")

    def places(self, loop: str, partition: int) -> Mapping[Place, Digests]:
        return {
            place: digests
            for (origin, owner, place), digests in self.by_origin.items()
            if (origin, owner) == (loop, partition)
        }


def _follows(item: Fetched, origin: str, last: dict[str, int], report: Report) -> bool:
    sequence = int(item.headers.get("sequence", b"0"))
    before = last.get(origin, 0)
    if sequence <= before:
        return False
    if sequence > before + 1:
        report.find(
            "I1", "sequence gap", f"{origin} at {item.place}: {before} to {sequence}", also="lost"
        )
    last[origin] = sequence
    return True


_BY_VERSION: Final = frozenset({"profile.contacts"})
"""Compacted: a version orders them, so a repetition is no second record."""


@dataclass(slots=True)
class Output:
    """What the reference says that one loop's partition writes."""

    loop: str
    partition: int
    partitions: int
    expected: defaultdict[Place, Digests] = field(
        default_factory=lambda: defaultdict(lambda: array("Q"))
    )

    def told(self, consequences: Iterable[Consequence], signal: Signal, now: datetime) -> None:
        """Note what one fold leads to."""
        accepted = b"%d" % ((now - EPOCH) // timedelta(microseconds=1))
        accepted += b"1" if signal.history else b""
        ordinals: Counter[str] = Counter()
        for item in consequences:
            value = None
            if item.payload is not None:
                kind = item.payload.TYPE
                identity = item.id or caused_id(signal.cause, kind, ordinals[kind])
                ordinals[kind] += 1
                value = self._bytes(item, identity, signal, now)
            key = item.subject.encode()
            place = Place(item.topic, partition_for(key, self.partitions))
            self.expected[place].append(digest_of(key, value, accepted))

    def _bytes(self, item: Consequence, identity: UUID, signal: Signal, now: datetime) -> bytes:
        assert item.payload is not None
        return event_bytes(
            encode_event(
                item.payload,
                id=identity,
                source="/cuestream/" + self.loop.replace(".", "/"),
                subject=item.subject,
                time=item.time or now,
                workspace=signal.workspace,
                correlationid=signal.correlation,
                causationid=signal.cause,
            )
        )

    def compare(self, written: Mapping[Place, Sequence[int]], report: Report) -> None:
        """Everything expected is there, once, in this order, and nothing else."""
        for place in sorted({*self.expected, *written}):
            wanted, found = self.expected.get(place, array("Q")), written.get(place, array("Q"))
            if place.topic in _BY_VERSION:
                wanted = array("Q", dict.fromkeys(wanted))
            if list(wanted) != list(found):
                self._differ(place, wanted, found, report)

    def _differ(
        self, place: Place, wanted: Sequence[int], found: Sequence[int], report: Report
    ) -> None:
        name = f"{self.loop}/{self.partition} on {place.topic}/{place.partition}"
        missing, more = Counter(wanted) - Counter(found), Counter(found) - Counter(wanted)
        for count, kind in ((missing, "consequences missing"), (more, "consequences too many")):
            for _ in range(count.total()):
                report.find("I3", kind, name, also="lost" if count is missing else "doubled")
        if not missing and not more:
            report.find("I3", "consequences out of order", name, also="out_of_order")
