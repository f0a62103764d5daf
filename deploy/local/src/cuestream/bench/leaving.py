"""What a side has left behind, in a form that can be compared with what the other has."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from common.streaming.ports import Fetched, Place
from cuestream.bench.grounds import Party
from cuestream.bench.small import JOURNAL, OUTPUT
from cuestream.failures import FindingError

_INSTANTS = re.compile(rb'"time":"[^"]+"')
_RECEIVED = re.compile(rb'"received_at":"[^"]+"')
_ROWS = (
    "SELECT partition, profile_id, workspace, now, schema, encode(state, 'escape') AS state FROM profiles",
    "SELECT loop, owner, topic, partition, next_offset FROM positions",
    "SELECT loop, owner, topic, partition, origin, last FROM sequences_seen",
    "SELECT owner, topic, counters FROM sequences_drawn",
    "SELECT loop, partition, epoch FROM partitions",
    "SELECT owner, batch, ordinal FROM outbox",
    "SELECT partition, profile_id, name, due_at FROM timers",
)


_PEOPLE = (
    "SELECT workspace, profile_id, version, email, record, merged_into FROM profiles",
    "SELECT workspace, kind, value, profile_id, shared_by FROM identities",
    "SELECT workspace, event_id, profile_id, partition FROM seen_messages",
    "SELECT workspace, profile_id FROM consents",
    "SELECT loop, owner, topic, partition, next_offset FROM positions WHERE topic <> 'ingest.events'",
    "SELECT loop, owner, topic, partition, origin, last FROM sequences_seen WHERE topic <> 'ingest.events'",
    "SELECT loop, owner, topic, counters FROM sequences_drawn",
    "SELECT loop, owner, batch, ordinal FROM outbox",
)
"""Without instants, which are those of the append, and without the raw topic's positions: on it ours appends its ticks."""


async def compare(sides: tuple[Party, Party], *, journal: bool) -> int:
    """Look at both; returns how many records each has written.

    `journal`: the journals are the same too, but for the time at which an entry was written. They can be only where both
    found their records in the same portions.

    Raises:
        FindingError: they left different rows, or other bytes on a topic.
    """
    await _same_rows(sides, _ROWS)
    return await _same_records(sides, (OUTPUT, JOURNAL) if journal else (OUTPUT,), _line, list)


async def compare_people(sides: tuple[Party, Party], topics: Sequence[str]) -> int:
    """As `compare`, of resolve, whose partitions take turns as it happens to read them.

    Raises:
        FindingError: they left different people, or told other things of them.
    """
    await _same_rows(sides, _PEOPLE)
    return await _same_records(sides, topics, _timeless_line, sorted)


async def _same_rows(sides: tuple[Party, Party], statements: Sequence[str]) -> None:
    ours, bare = sides
    for statement in statements:
        if await _digest(ours, statement) != await _digest(bare, statement):
            raise FindingError(f"The two sides leave different rows: {statement}")


async def _same_records(
    sides: tuple[Party, Party],
    topics: Sequence[str],
    line: Callable[[Fetched], bytes],
    order: Callable[[list[bytes]], list[bytes]],
) -> int:
    ours, bare = sides
    count = 0
    for topic in topics:
        mine, theirs = await _written(ours, topic, line), await _written(bare, topic, line)
        for place, lines in mine.items():
            one, other = order(lines), order(theirs[place])
            if one != other:
                raise FindingError(_difference(place, one, other))
        count += sum(map(len, mine.values()))
    return count


def _difference(place: Place, mine: list[bytes], theirs: list[bytes]) -> str:
    index = next(
        (i for i, (one, other) in enumerate(zip(mine, theirs, strict=False)) if one != other),
        min(len(mine), len(theirs)),
    )
    samples = (str(lines[index : index + 1]) for lines in (mine, theirs))
    return f"The two sides leave different bytes on {place} ({len(mine)} and {len(theirs)} records), at record {index}: {' · '.join(samples)}"


async def _digest(party: Party, statement: str) -> str:
    # Summed up by the server, in whatever order the rows lie: ten million of them are no business of ours.
    asked = f"SELECT concat_ws('/', count(*), sum(hashtextextended(one::text, 0))) AS all FROM ({statement}) AS one"  # noqa: S608 - our own text
    async with party.database.connection() as connection:
        row = await connection.fetchrow(asked, timeout=3600)
    return str(row["all"]) if row else ""


async def _written(
    party: Party, topic: str, line: Callable[[Fetched], bytes]
) -> dict[Place, list[bytes]]:
    """Per partition the keys, headers and values in order."""
    begin = {Place(topic, p): 0 for p in range(party.log.partitions)}
    lines: dict[Place, list[bytes]] = {place: [] for place in begin}
    async for item in party.read(topic, begin):
        lines[item.place].append(line(item))
    return lines


def _line(item: Fetched) -> bytes:
    value = item.value or b""
    if item.place.topic == JOURNAL:
        value = _INSTANTS.sub(b"", value)
    return b" ".join((item.key or b"", repr(sorted(item.headers.items())).encode(), value))


def _timeless_line(item: Fetched) -> bytes:
    """Without when the raw event was appended, which each side's topic says by itself."""
    headers = sorted((name, value) for name, value in item.headers.items() if name != "accepted")
    value = _RECEIVED.sub(b"", item.value or b"")
    return b" ".join((item.key or b"", repr(headers).encode(), value))
