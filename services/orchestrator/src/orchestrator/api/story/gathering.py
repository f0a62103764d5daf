"""The records of a profile and of those that have become it: one person's past lies where each of them was."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from common.contracts.profiles import ProfileMerged
from common.errors import PermanentError
from common.streaming.model import Record
from orchestrator.ports.history import History

MOST: Final = 20
"""Merged profiles whose records are looked up, too; each is another look into the log."""


@dataclass(frozen=True, slots=True)
class Gathered:
    """What the log holds of one person."""

    records: tuple[Record, ...]
    complete: bool
    merged: tuple[UUID, ...] = ()
    """The profiles that have become this one, in the order in which they were found."""
    merged_into: UUID | None = None
    """The profile that this one has become."""


async def gather(
    history: History, profile_id: UUID, topics: Sequence[str], *, since: datetime
) -> Gathered:
    """Read the profile's records, then those of the profiles that its own say have become it.

    Raises:
        TransientError: the log cannot be reached.
    """
    found = await history.of_profile(profile_id, topics, since=since)
    records, complete = list(found.records), found.complete
    merges = list(_merges(found.records))
    waiting = [merge.loser for merge in merges if merge.winner == profile_id]
    merged: list[UUID] = []
    while waiting and len(merged) < MOST:
        loser = waiting.pop(0)
        if loser in merged:
            continue
        merged.append(loser)
        more = await history.of_profile(loser, topics, since=since)
        complete = complete and more.complete
        waiting += [merge.loser for merge in _merges(more.records) if merge.winner == loser]
        # Of its own end the one that it has become tells.
        records += (r for r in more.records if (m := _merge(r)) is None or m.loser != loser)
    return Gathered(
        tuple(records),
        complete and not waiting,
        tuple(merged),
        next((merge.winner for merge in reversed(merges) if merge.loser == profile_id), None),
    )


def _merges(records: Iterable[Record]) -> Iterator[ProfileMerged]:
    return (merge for record in records if (merge := _merge(record)) is not None)


def _merge(record: Record) -> ProfileMerged | None:
    if record.event.type != ProfileMerged.TYPE:
        return None
    try:
        return record.event.payload(ProfileMerged)
    except PermanentError:
        return None
