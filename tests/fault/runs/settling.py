"""When a run is over: nothing waits anywhere, twice in a row."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from common.clock import monotonic, utc_now
from common.errors import PermanentError, TransientError
from common.postgres import Database
from common.progress.statements import PROGRESS, statement_of
from common.streaming.ports import Place, Reader
from tests.fault.checker.settled import LOOPS
from tests.fault.history.model import SERVICES
from tests.fault.workload.pacing import let_pass

RAW: Final = "ingest.events"
PATIENCE: Final = 300.0
"""Seconds after the last message and the last fault."""
_WAITING: Final[Mapping[str, str]] = {
    **{
        f"{service} outbox": f"SELECT count(*) FROM {service}.outbox"  # noqa: S608 - constants of ours
        for service in SERVICES
    },
    **{
        f"{service} timers due": (
            f"SELECT count(*) FROM {service}.timers WHERE due_at < now() + interval '20 s'"  # noqa: S608
        )
        for service in ("scoring", "orchestrator")
    },
    "deliveries": (
        "SELECT count(*) FROM dispatcher.deliveries"
        " WHERE state IN ('planned', 'held', 'claimed', 'transmitting')"
    ),
}


async def until_settled(database: Database, reader: Reader, partitions: int) -> float:
    """Wait; returns the seconds that it took.

    Raises:
        AssertionError: with what still waits.
    """
    begun, since, quiet = monotonic(), utc_now(), 0
    left: dict[str, object] = {}
    while quiet < 2:
        try:
            left = await _left(database, reader, partitions, since)
        except (TransientError, PermanentError) as error:
            left = {"cannot be asked": error.reason}
        quiet = quiet + 1 if not left else 0
        assert monotonic() < begun + PATIENCE, f"still waiting: {left}"
        await let_pass(1.0)
    return monotonic() - begun


async def _left(
    database: Database, reader: Reader, partitions: int, since: datetime
) -> dict[str, object]:
    left: dict[str, object] = {}
    for name, sql in _WAITING.items():
        row = await database.fetchrow(sql)
        if row is not None and row["count"]:
            left[name] = row["count"]
    left |= await _unread(database, reader, partitions)
    stated = await _stated(reader, partitions)
    if stated is None or stated < since:
        left["resolve has read up to"] = stated
    return left


async def _unread(database: Database, reader: Reader, partitions: int) -> dict[str, int]:
    """What lies before each loop, but for the raw events: of ticks alone no position tells."""
    left: dict[str, int] = {}
    for loop, inputs in LOOPS.items():
        places = [Place(topic, p) for topic in inputs if topic != RAW for p in range(partitions)]
        bounds = await reader.bounds(places)
        service = loop.split(".", 1)[0]
        rows = await database.fetch(
            f"SELECT topic, partition, next_offset FROM {service}.positions WHERE loop = $1",  # noqa: S608 - as above
            loop,
        )
        read = {Place(row["topic"], row["partition"]): row["next_offset"] for row in rows}
        for place in places:
            lag = bounds[place].end - max(read.get(place, 0), bounds[place].begin)
            if lag:
                left[f"{loop} {place.topic}/{place.partition}"] = lag
    return left


async def _stated(reader: Reader, partitions: int) -> datetime | None:
    """Up to which time resolve has read all of the raw events, by its own statements."""
    bounds = (await reader.bounds([PROGRESS]))[PROGRESS]
    following = max(bounds.begin, bounds.end - 64 * partitions)
    await reader.assign({PROGRESS: following})
    newest: dict[int, datetime] = {}
    while following < bounds.end:
        fetched = await reader.poll(1_000, 0.2)
        if not fetched:
            break
        following = fetched[-1].offset + 1
        for item in fetched:
            statement = statement_of(item, partitions)
            if statement is not None:
                known = newest.get(statement.partition, statement.until)
                newest[statement.partition] = max(known, statement.until)
    return min(newest.values()) if len(newest) == partitions else None
