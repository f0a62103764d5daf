"""When a run is over: nothing waits anywhere, twice in a row."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, Final

from common.clock import monotonic
from common.consuming.ports import Place, Reader
from common.errors import PermanentError, TransientError
from common.postgres import Database
from tests.fault.checker.settled import LOOPS
from tests.fault.history.model import SERVICES

PATIENCE: Final = 180.0
"""Seconds after the last message and the last fault."""
_TICKS = 200
"""Records on a raw partition that nobody has to have read: ticks, which alone move no position."""

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
    begun, quiet = monotonic(), 0
    left: dict[str, int] = {}
    while quiet < 2:
        try:
            left = await _left(database, reader, partitions)
        except (TransientError, PermanentError) as error:
            left = {f"cannot be asked: {error.reason}": 1}
        quiet = quiet + 1 if not left else 0
        assert monotonic() < begun + PATIENCE, f"still waiting: {left}"
        await asyncio.sleep(1.0)
    return monotonic() - begun


async def _left(database: Database, reader: Reader, partitions: int) -> dict[str, int]:
    left = {name: (await _one(database, sql))["count"] for name, sql in _WAITING.items()}
    for loop, inputs in LOOPS.items():
        places = [Place(topic, p) for topic in inputs for p in range(partitions)]
        bounds = await reader.bounds(places)
        service = loop.split(".", 1)[0]
        rows = await database.fetch(
            f"SELECT topic, partition, next_offset FROM {service}.positions WHERE loop = $1",  # noqa: S608
            loop,
        )
        read = {Place(row["topic"], row["partition"]): row["next_offset"] for row in rows}
        for place in places:
            lag = bounds[place].end - max(read.get(place, 0), bounds[place].begin)
            if lag > (_TICKS if place.topic == "ingest.events" else 0):
                left[f"{loop} {place.topic}/{place.partition}"] = lag
    return {name: count for name, count in left.items() if count}


async def _one(database: Database, sql: str) -> Mapping[str, Any]:
    row = await database.fetchrow(sql)
    assert row is not None
    return row
