"""Many profiles: copies of one that came in through the front door, so that their rows are what the services write."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any
from uuid import UUID

from common.ids import profile_id
from common.kafka import partition_for
from common.postgres import Database
from cuestream.bench.filling import copy, settled, without_indexes
from cuestream.bench.sides import WORKSPACE

Change = Callable[[str, UUID, int], Mapping[str, Any]]
"""Of a user, a profile and its partition: the columns in which a copy differs."""


def user(number: int) -> str:
    """The id by which the shop knows the person of that number."""
    return f"user-{number:08d}"


def profile_of(name: str) -> UUID:
    return profile_id(WORKSPACE, "user", name)


async def crowd(
    databases: Mapping[str, Database], sample: str, count: int, partitions: int
) -> None:
    """Copy the sample's rows until there are so many of them."""
    changes: dict[tuple[str, str], Change] = {
        ("ingest", "identities"): lambda name, profile, _: {"value": name, "profile_id": profile},
        ("ingest", "profiles"): lambda _, profile, __: {"profile_id": profile},
        ("scoring", "profiles"): _partitioned,
        ("orchestrator", "profiles"): _partitioned,
    }
    for (schema, table), change in changes.items():
        database = databases[schema]
        row = await database.fetchrow(
            f"SELECT * FROM {table} WHERE workspace = $1 AND profile_id = $2",  # noqa: S608 - our own names
            WORKSPACE,
            profile_of(sample),
        )
        if row is None:
            raise ValueError(f"{schema}.{table} does not know {sample}")
        columns = dict(row)
        async with without_indexes(database, table):
            await copy(database, table, list(columns), _copies(columns, change, count, partitions))
        await settled(database, table)


def _partitioned(_: str, profile: UUID, partition: int) -> Mapping[str, Any]:
    return {"profile_id": profile, "partition": partition}


def _copies(
    row: Mapping[str, Any], change: Change, count: int, partitions: int
) -> Iterator[tuple[Any, ...]]:
    for number in range(1, count):  # the sample is number 0
        name = user(number)
        profile = profile_of(name)
        partition = partition_for(str(profile).encode(), partitions)
        yield tuple({**row, **change(name, profile, partition)}.values())
