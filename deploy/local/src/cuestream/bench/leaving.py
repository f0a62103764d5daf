"""What a side has left behind, in a form that can be compared with what the other has."""

from __future__ import annotations

import re

from common.streaming.ports import Place
from cuestream.bench.grounds import Party
from cuestream.bench.small import JOURNAL, OUTPUT
from cuestream.failures import FindingError

_INSTANTS = re.compile(rb'"time":"[^"]+"')
_ROWS = (
    "SELECT partition, profile_id, workspace, now, schema, encode(state, 'escape') AS state FROM profiles",
    "SELECT loop, owner, topic, partition, next_offset FROM positions",
    "SELECT loop, owner, topic, partition, origin, last FROM sequences_seen",
    "SELECT owner, topic, counters FROM sequences_drawn",
    "SELECT loop, partition, epoch FROM partitions",
    "SELECT owner, batch, ordinal FROM outbox",
    "SELECT partition, profile_id, name, due_at FROM timers",
)


async def compare(sides: tuple[Party, Party], *, journal: bool) -> int:
    """Look at both; returns how many records each has written.

    `journal`: the journals are the same too, but for the time at which an entry was written. They can be only where both
    found their records in the same portions.

    Raises:
        FindingError: they left different rows, or other bytes on a topic.
    """
    ours, bare = sides
    for statement in _ROWS:
        if await _digest(ours, statement) != await _digest(bare, statement):
            raise FindingError(f"The two sides leave different rows: {statement}")
    count = 0
    for topic in (OUTPUT, JOURNAL) if journal else (OUTPUT,):
        mine, theirs = await _written(ours, topic), await _written(bare, topic)
        for place, lines in mine.items():
            if lines != theirs[place]:
                raise FindingError(_difference(place, lines, theirs[place]))
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
    row = await party.database.fetchrow(
        f"SELECT concat_ws('/', count(*), sum(hashtextextended(one::text, 0))) AS all FROM ({statement}) AS one"  # noqa: S608 - our own text
    )
    return str(row["all"]) if row else ""


async def _written(party: Party, topic: str) -> dict[Place, list[bytes]]:
    """Per partition the keys, headers and values in order."""
    begin = {Place(topic, p): 0 for p in range(party.log.partitions)}
    lines: dict[Place, list[bytes]] = {place: [] for place in begin}
    async for item in party.read(topic, begin):
        value = item.value or b""
        if topic == JOURNAL:
            value = _INSTANTS.sub(b"", value)
        parts = (item.key or b"", repr(sorted(item.headers.items())).encode(), value)
        lines[item.place].append(b" ".join(parts))
    return lines
