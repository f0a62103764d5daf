"""What a loop wrote into the log: its journal, batch by batch, and the configuration that it names."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from common.configuration import Configuration, Content, Release
from common.configuration.hashing import hash_of
from common.contracts import decode_event
from common.contracts.configuration import ConfigurationPublished, ConfigurationReleased
from common.contracts.runtime import BatchJournaled
from common.errors import PermanentError
from common.kafka.scanning import scan
from common.recovery.tape import Tape
from common.streaming.ports import Fetched, Place, Reader

CONFIGURATION = Place("configuration", 0)
_READING_SECONDS = 120.0


@dataclass(frozen=True, slots=True)
class Entry:
    """One batch of one partition, as it was journaled."""

    batch: BatchJournaled
    at: datetime
    incarnation: str
    offset: int


def entry_of(record: Fetched) -> Entry:
    """Read a journal's record.

    Raises:
        PermanentError: `undecodable`, it is none.
    """
    event = decode_event(record.value or b"")
    origin = record.headers.get("origin", b"").decode("utf-8", "replace")
    if event.type != BatchJournaled.TYPE or origin.count("/") != 2:
        raise PermanentError("undecodable", f"{event.type} in a journal")
    incarnation = origin.rsplit("/", 1)[1]
    return Entry(event.payload(BatchJournaled), event.time, incarnation, record.offset)


class Journal:
    """The batches of each partition, each once and in order; what other lives wrote is passed over."""

    def __init__(self, tape: Tape, topic: str, incarnation: str, after: Mapping[int, int]) -> None:
        """`after`: per partition the batch number that is known already."""
        self._tape = tape
        self._topic = topic
        self._incarnation = incarnation
        self._last = dict(after)

    async def next(self, partition: int) -> Entry | None:
        """The next batch of this partition; None at the journal's end.

        Raises:
            PermanentError: `journal_gap`, the one that should come next is not there.
        """
        while True:
            record = await self._tape.next(Place(self._topic, partition))
            if record is None:
                return None
            entry = entry_of(record)
            number = entry.batch.batch
            if entry.incarnation != self._incarnation or number <= self._last[partition]:
                continue
            if number != self._last[partition] + 1:
                missing = f"{self._topic}/{partition}: batch {self._last[partition] + 1} is missing"
                raise PermanentError("journal_gap", f"{missing}, {number} comes next")
            self._last[partition] = number
            return entry


@dataclass(slots=True)
class Releases:
    """Every release that was ever published, by number."""

    _contents: dict[str, Content] = field(default_factory=dict)
    _released: dict[tuple[str, int], ConfigurationReleased] = field(default_factory=dict)
    _made: dict[tuple[tuple[str, int], ...], Configuration] = field(default_factory=dict)

    @classmethod
    async def read(cls, reader: Reader) -> Releases:
        """Read the topic whole.

        Raises:
            TransientError: the log cannot be reached.
        """
        releases = cls()
        found = await scan(
            reader,
            [CONFIGURATION],
            lambda record: record.value is not None,
            seconds=_READING_SECONDS,
        )
        for record in found.records:
            releases._take(record)
        return releases

    def _take(self, record: Fetched) -> None:
        try:
            event = decode_event(record.value or b"")
            if event.type == ConfigurationPublished.TYPE:
                published = event.payload(ConfigurationPublished)
                content = Content(published.kind, published.name, published.hash, published.files)
                if hash_of(content.files) == content.hash:
                    self._contents[content.key] = content
            elif event.type == ConfigurationReleased.TYPE:
                released = event.payload(ConfigurationReleased)
                self._released[event.workspace, released.number] = released
        except PermanentError:
            return  # the processes refused it, too

    @property
    def contents(self) -> Collection[Content]:
        return self._contents.values()

    @property
    def released(self) -> Mapping[tuple[str, int], ConfigurationReleased]:
        """By workspace and number."""
        return self._released

    def at(self, numbers: Mapping[str, int]) -> Configuration:
        """The configuration in force with these releases; the same object for the same numbers.

        Raises:
            PermanentError: `release_unknown`.
        """
        key = tuple(sorted(numbers.items()))
        known = self._made.get(key)
        if known is None:
            releases = {name: self._release(name, number) for name, number in key}
            known = self._made[key] = Configuration(releases, dict(self._contents))
        return known

    def _release(self, workspace: str, number: int) -> Release:
        released = self._released.get((workspace, number))
        contents = [self._contents.get(key) for key in released.contents] if released else [None]
        found = tuple(content for content in contents if content is not None)
        if released is None or len(found) < len(contents):
            raise PermanentError("release_unknown", f"release {number} of {workspace} is not there")
        return Release.of(workspace, released, found)
