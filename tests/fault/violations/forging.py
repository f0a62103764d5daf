"""How a true history is falsified: records dropped, swapped, doubled and rewritten, rows changed."""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from collections.abc import Callable, Iterator
from copy import deepcopy
from typing import Any

import msgspec
from msgspec.structs import replace

from common.contracts import Event, decode_event, event_bytes
from common.contracts.runtime import BatchJournaled
from common.errors import PermanentError
from common.streaming.ports import Fetched, Place
from tests.fault.history.memory import MemoryHistory
from tests.fault.recording import Recording


def copied(recording: Recording) -> Recording:
    """A history of one's own; the records in it are shared, for nobody changes them."""
    history = recording.history
    logs = defaultdict(list, {place: list(items) for place, items in history.logs.items()})
    tables = defaultdict(list, {name: list(rows) for name, rows in history.tables.items()})
    mine = MemoryHistory(history.partitions, logs, tables, list(history.mailbox))
    told = dataclasses.replace(recording.told, answers=deepcopy(recording.told.answers))
    return Recording(mine, told)


def events(history: MemoryHistory, topic: str, kind: str) -> Iterator[tuple[Fetched, Event]]:
    """The records of a type, by place and offset."""
    for partition in range(history.partitions):
        for item in history.logs[Place(topic, partition)]:
            try:
                event = decode_event(item.value or b"")
            except PermanentError:
                continue
            if event.type == kind:
                yield item, event


def put(history: MemoryHistory, old: Fetched, new: Fetched) -> None:
    """Put one record in another's place."""
    items = history.logs[old.place]
    items[items.index(old)] = new


def drop(history: MemoryHistory, item: Fetched) -> None:
    history.logs[item.place].remove(item)


def drop_unseen(history: MemoryHistory, item: Fetched) -> None:
    """Drop a record and close the gap in its origin's sequence, so that no reader could tell."""
    origin, gone = item.headers["origin"], int(item.headers["sequence"])
    drop(history, item)
    for other in list(history.logs[item.place]):
        if other.headers.get("origin") != origin:
            continue
        number = int(other.headers["sequence"])
        if number > gone:
            put(history, other, with_header(other, "sequence", b"%d" % (number - 1)))


def append(history: MemoryHistory, item: Fetched) -> Fetched:
    """Put a copy at the end of its place."""
    last = history.logs[item.place][-1]
    added = replace(item, offset=last.offset + 1, appended_at=last.appended_at)
    history.logs[item.place].append(added)
    return added


def swap_contents(history: MemoryHistory, one: Fetched, other: Fetched) -> None:
    """Exchange what two records say; their offsets and sequences stay."""
    for here, there in ((one, other), (other, one)):
        headers = {**here.headers, "accepted": there.headers["accepted"]}
        put(history, here, replace(here, key=there.key, value=there.value, headers=headers))


def with_header(item: Fetched, name: str, value: bytes) -> Fetched:
    return replace(item, headers={**item.headers, name: value})


def journal(history: MemoryHistory, service: str) -> Iterator[tuple[Fetched, BatchJournaled]]:
    for item, event in events(history, f"{service}.journal", BatchJournaled.TYPE):
        yield item, event.payload(BatchJournaled)


def rewrite(history: MemoryHistory, item: Fetched, **changes: Any) -> None:
    """Change fields of a record's payload."""
    event = decode_event(item.value or b"")
    data = {**msgspec.json.decode(event.data), **msgspec.to_builtins(changes)}
    forged = msgspec.structs.replace(event, data=msgspec.Raw(msgspec.json.encode(data)))
    put(history, item, replace(item, value=event_bytes(forged)))


def change_row(
    history: MemoryHistory, table: str, which: Callable[[Any], bool], **changes: Any
) -> Any:
    """Change the first row of which that is true; returns it as it was."""
    rows = history.tables[table]
    place, row = next((place, row) for place, row in enumerate(rows) if which(row))
    rows[place] = msgspec.structs.replace(row, **changes)
    return row


def drop_row(history: MemoryHistory, table: str, which: Callable[[Any], bool]) -> None:
    rows = history.tables[table]
    rows.remove(next(row for row in rows if which(row)))
