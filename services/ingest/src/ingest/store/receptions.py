"""What came in of each source, counted by spans of minutes, and the messages that were set aside, by days."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from common.consuming import Transaction
from common.postgres import Database
from common.streaming.ports import Place
from ingest.domain.receptions import MOST_NAMES, OTHERS, Aside, Key, Tallies, span_of
from ingest.ports import Reception, SetAside

COUNTED = timedelta(hours=25)
"""A day, and the hour that has begun."""
_MOST_LINES = 20_000

_LEAD = "SELECT pg_try_advisory_xact_lock(hashtext('ingest.' || $1)) AS mine"
_POSITIONS = "SELECT topic, partition, next_offset FROM reception_positions"
_MOVE = """
INSERT INTO reception_positions (topic, partition, next_offset)
SELECT * FROM unnest($1::text[], $2::int[], $3::bigint[])
ON CONFLICT (topic, partition) DO UPDATE SET next_offset = excluded.next_offset
"""
_CROWDED = """
SELECT workspace, source, since, outcome FROM receptions
WHERE (workspace, source, since, outcome) IN (
    SELECT * FROM unnest($1::text[], $2::text[], $3::timestamptz[], $4::text[])
)
GROUP BY workspace, source, since, outcome HAVING count(*) >= $5
"""
_KNOWN = """
SELECT workspace, source, since, outcome, what, detail FROM receptions
JOIN unnest($1::text[], $2::text[], $3::timestamptz[], $4::text[], $5::text[], $6::text[])
  AS wanted (workspace, source, since, outcome, what, detail)
USING (workspace, source, since, outcome, what, detail)
"""
_COUNT = """
INSERT INTO receptions (workspace, source, since, outcome, what, detail, number, last_at, sample)
SELECT * FROM unnest(
    $1::text[], $2::text[], $3::timestamptz[], $4::text[], $5::text[], $6::text[],
    $7::bigint[], $8::timestamptz[], $9::uuid[]
)
ON CONFLICT (workspace, source, since, outcome, what, detail) DO UPDATE SET
    number = receptions.number + excluded.number,
    last_at = greatest(receptions.last_at, excluded.last_at),
    sample = coalesce(excluded.sample, receptions.sample)
"""
_HEARD = """
INSERT INTO last_heard (workspace, source, last_at)
SELECT * FROM unnest($1::text[], $2::text[], $3::timestamptz[])
ON CONFLICT (workspace, source) DO UPDATE SET
    last_at = greatest(last_heard.last_at, excluded.last_at)
"""
PUT_ASIDE = """
INSERT INTO set_aside (
    day, place, event_id, workspace, source, outcome, reason, detail, received_at
)
SELECT (received_at AT TIME ZONE 'UTC')::date, * FROM unnest(
    $1::text[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[],
    $8::timestamptz[]
) AS new (place, event_id, workspace, source, outcome, reason, detail, received_at)
ON CONFLICT DO NOTHING
"""
_FORGET = "DELETE FROM receptions WHERE since < $1"
_SET_ASIDE = """
SELECT place, event_id, workspace, source, outcome, reason, detail, received_at FROM set_aside
WHERE event_id = ANY($1::uuid[]) ORDER BY received_at, place LIMIT 100
"""
_RECEPTIONS = """
SELECT workspace, source, max(since) AS since, outcome, what, detail, sum(number)::bigint AS number,
    max(last_at) AS last_at,
    (array_agg(sample ORDER BY last_at DESC) FILTER (WHERE sample IS NOT NULL))[1] AS sample
FROM receptions
WHERE since >= $1 AND ($3::text IS NULL OR workspace = $3)
  AND ($4::text[] IS NULL OR (workspace, source) IN (SELECT * FROM unnest($4::text[], $5::text[])))
GROUP BY workspace, source, outcome, what, detail, since >= $2 ORDER BY since DESC LIMIT $6
"""
_DUPLICATES = """
SELECT workspace, source, max(date_bin('5 minutes', received_at, 'epoch')) AS since, outcome,
    reason AS what, detail, count(*) AS number, max(received_at) AS last_at,
    (array_agg(event_id ORDER BY received_at DESC))[1] AS sample
FROM set_aside
WHERE day >= ($1::timestamptz AT TIME ZONE 'UTC')::date AND received_at >= $1
  AND outcome = 'duplicate' AND ($3::text IS NULL OR workspace = $3)
  AND ($4::text[] IS NULL OR (workspace, source) IN (SELECT * FROM unnest($4::text[], $5::text[])))
GROUP BY 1, 2, 4, 5, 6, received_at >= $2 ORDER BY since DESC LIMIT $6
"""
"""Resolve notes them with the state that they met; of a day, so that only its partitions are read."""
_LAST = """
SELECT workspace, source, last_at FROM last_heard
WHERE $1::text IS NULL OR workspace = $1 ORDER BY workspace, source LIMIT 1000
"""


class PostgresReceptions:
    """Implements `Receptions`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def transaction(self) -> Any:
        return self._database.transaction()

    async def leads(self, tx: Transaction, work: str = "receptions") -> bool:
        rows = await tx.fetch(_LEAD, work)
        return bool(rows[0]["mine"])

    async def positions(self, tx: Transaction) -> Mapping[Place, int]:
        rows: Sequence[Mapping[str, Any]] = await tx.fetch(_POSITIONS)
        return {Place(row["topic"], row["partition"]): row["next_offset"] for row in rows}

    async def save(self, tx: Transaction, tallies: Tallies, positions: Mapping[Place, int]) -> None:
        places = [(place.topic, place.partition, at) for place, at in positions.items()]
        await tx.execute(_MOVE, *_columns(places, 3))
        counts = await _told_apart(tx, tallies)
        if counts:
            await tx.execute(_COUNT, *_columns(counts, 9))
            await tx.execute(_HEARD, *_columns(_heard(counts), 3))
        await put_aside(tx, tallies.aside)

    async def forget(self, now: datetime) -> None:
        await self._database.execute(_FORGET, span_of(now - COUNTED))

    async def set_aside(self, event_ids: Collection[UUID]) -> Sequence[SetAside]:
        rows = await self._database.fetch(_SET_ASIDE, list(event_ids))
        return [
            SetAside(
                workspace=row["workspace"],
                source=row["source"],
                event_id=UUID(int=row["event_id"].int),
                outcome=row["outcome"],
                reason=row["reason"],
                detail=row["detail"],
                received_at=row["received_at"],
                place=row["place"],
            )
            for row in rows
        ]

    async def receptions(
        self,
        workspace: str | None,
        since: datetime,
        hour: datetime,
        *,
        sources: Collection[tuple[str, str]] | None = None,
        tx: Transaction | None = None,
    ) -> Sequence[Reception]:
        asked = tx or self._database
        which = [None, None] if sources is None else _columns(sorted(sources), 2)
        wanted = (since, hour, workspace, *which, _MOST_LINES)
        rows = [
            *await asked.fetch(_RECEPTIONS, *wanted),
            *await asked.fetch(_DUPLICATES, *wanted),
        ]
        return [
            Reception(
                workspace=row["workspace"],
                source=row["source"],
                since=row["since"],
                outcome=row["outcome"],
                what=row["what"],
                detail=row["detail"],
                number=row["number"],
                last_at=row["last_at"],
                sample=None if row["sample"] is None else UUID(int=row["sample"].int),
            )
            for row in rows
        ]

    async def last_heard(
        self, workspace: str | None, *, tx: Transaction | None = None
    ) -> Mapping[tuple[str, str], datetime]:
        rows: Sequence[Mapping[str, Any]] = await (tx or self._database).fetch(_LAST, workspace)
        return {(row["workspace"], row["source"]): row["last_at"] for row in rows}


async def put_aside(tx: Transaction, items: Sequence[Aside]) -> None:
    """Note them once, however often they are told."""
    rows = [
        (
            item.place,
            item.event_id,
            item.workspace,
            item.source,
            item.outcome,
            item.reason,
            item.detail,
            item.received_at,
        )
        for item in items
    ]
    if rows:
        await tx.execute(PUT_ASIDE, *_columns(rows, 8))


async def _told_apart(tx: Transaction, tallies: Tallies) -> list[tuple[object, ...]]:
    """The counts as rows; where a span is crowded already, new names are counted as others."""
    if not tallies.counts:
        return []
    many = sorted({key[:4] for key in tallies.counts})
    crowded = {
        (row["workspace"], row["source"], row["since"], row["outcome"])
        for row in await tx.fetch(_CROWDED, *_columns(many, 4), MOST_NAMES)
    }
    if crowded:
        tight = sorted(key for key in tallies.counts if key[:4] in crowded)
        rows: Sequence[Mapping[str, Any]] = await tx.fetch(_KNOWN, *_columns(tight, 6))
        known = {tuple(row[name] for name in Key._fields) for row in rows}
        _gather(tallies, [key for key in tight if key not in known])
    return [
        (*key, count.number, count.last_at, count.sample)
        for key, count in sorted(tallies.counts.items())
    ]


def _gather(tallies: Tallies, keys: Sequence[Key]) -> None:
    for key in keys:
        count = tallies.counts.pop(key)
        if count.last_at is not None:
            others = key._replace(what=OTHERS, detail="")
            tallies.counts.setdefault(others, type(count)()).add(
                count.number, count.last_at, count.sample
            )


def _heard(counts: Sequence[tuple[Any, ...]]) -> list[tuple[object, ...]]:
    last: dict[tuple[str, str], datetime] = {}
    for row in counts:
        source = row[0], row[1]
        last[source] = max(row[7], last.get(source, row[7]))
    return [(*source, at) for source, at in sorted(last.items())]


def _columns(rows: Sequence[tuple[object, ...]], width: int) -> list[list[object]]:
    return [[row[i] for row in rows] for i in range(width)]
