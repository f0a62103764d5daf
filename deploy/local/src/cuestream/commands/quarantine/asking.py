"""Reads the quarantines and what was said of them, and appends the next word."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field

from common.contracts import load_topics
from common.contracts.topics import QUARANTINE_SUFFIX
from common.errors import PermanentError
from common.kafka import scan
from common.streaming.ports import Fetched, Log, Place, Reader
from cuestream.commands.quarantine.items import COMMANDS, Item, Spot, find, gather
from cuestream.commands.quarantine.retrying import Command, Refused, is_original
from cuestream.failures import FindingError, UsageError

COMMANDS_SUFFIX = ".commands"
_MARKS = [f'"{name}"'.encode() for name in COMMANDS]


@dataclass(frozen=True, slots=True)
class Quarantines:
    """Everything that lies in them; not `complete` where the look took too long."""

    items: Sequence[Item]
    complete: bool


@dataclass(slots=True)
class Done:
    """What became of a wish to retry or to discard."""

    appended: list[Item] = field(default_factory=list)
    refused: list[tuple[Item, str]] = field(default_factory=list)


Make = Callable[[Item, Fetched | None], Command | Refused]


async def read(log: Log) -> Quarantines:
    """Look through all quarantines and all commands.

    Raises:
        TransientError: the log cannot be reached.
    """
    async with log.reader() as reader:
        aside = await scan(reader, _places(log, QUARANTINE_SUFFIX), lambda _: True)
        said = await scan(reader, _places(log, COMMANDS_SUFFIX), _is_word)
    return Quarantines(gather(aside.records, said.records), aside.complete and said.complete)


def named(found: Quarantines, text: str) -> Item:
    """The item with that ID.

    Raises:
        UsageError: it is no ID.
        FindingError: nothing lies there.
    """
    topic, _, rest = text.partition("/")
    partition, _, offset = rest.partition("/")
    if not (topic.endswith(QUARANTINE_SUFFIX) and partition.isdigit() and offset.isdigit()):
        raise UsageError(
            f"{text} is no ID.",
            "It is <topic>.quarantine/<partition>/<offset>, as `list` shows it.",
        )
    item = find(found.items, Spot(topic, int(partition), int(offset)))
    if item is None:
        raise FindingError(f"Nothing lies at {text}; a quarantine is kept for 7 days.")
    return item


async def append(log: Log, items: Collection[Item], make: Make) -> Done:
    """Say it of each; what is refused is told and the others go on."""
    done = Done()
    topics = load_topics(log.partitions).by_name
    async with log.reader() as reader, log.publisher() as publisher:
        for item in items:
            made = make(item, await _original(reader, item))
            if isinstance(made, Refused):
                done.refused.append((item, made.why))
            elif made.place.topic not in topics:
                done.refused.append((item, "no service of ours set it aside"))
            else:
                try:
                    await publisher.publish(made.place, [made.record])
                except PermanentError as error:
                    done.refused.append((item, f"the broker does not take it ({error.reason})"))
                else:
                    done.appended.append(item)
    return done


async def _original(reader: Reader, item: Item) -> Fetched | None:
    """The record that was set aside, where the log still has it."""
    if item.kind != "record":
        return None
    place, offset = item.origin
    found = (await reader.records_at({place: offset})).get(place)
    return found if is_original(item, found) else None


def _places(log: Log, suffix: str) -> list[Place]:
    return [
        Place(topic.name, partition)
        for topic in load_topics(log.partitions)
        if topic.name.endswith(suffix)
        for partition in range(topic.partitions)
    ]


def _is_word(record: Fetched) -> bool:
    return record.value is not None and any(mark in record.value for mark in _MARKS)
